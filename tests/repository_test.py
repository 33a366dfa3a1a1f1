"""The package needs nothing of what is beside it in the repository."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent


def test_package_imports_without_the_repository(tmp_path):
  """`import sobolev_tf` needs nothing from reproduce/ or configs/.

  Nor does it load TensorFlow Probability, which takes a second.
  """
  code = (
      "import sys; sys.path.insert(0, sys.argv[1]); import sobolev_tf; "
      "bad = [m for m in sys.modules if m.split('.')[0] in "
      "('reproduce', 'configs', 'tensorflow_probability')]; "
      "sys.exit(bool(bad))")
  link = tmp_path / "sobolev_tf"
  link.symlink_to(ROOT / "sobolev_tf")
  subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=tmp_path,
                 check=True)
