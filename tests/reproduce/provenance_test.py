"""The commit that rows carry says whether files differ from it."""

import shutil
import subprocess

from reproduce import provenance


def test_changes_count_but_for_results(tmp_path, monkeypatch):
  (tmp_path / "reproduce").mkdir()
  (tmp_path / "results").mkdir()
  code = tmp_path / "reproduce" / "provenance.py"
  shutil.copy(provenance.__file__, code)
  for words in ("init -q", "add .", "-c user.name=a -c user.email=b commit "
                "-q -m first"):
    subprocess.run(["git", *words.split()], cwd=tmp_path, check=True)
  monkeypatch.setattr(provenance, "__file__", str(code))
  commit = provenance.commit_now
  first = commit()
  assert len(first) >= 7 and first.isalnum()
  (tmp_path / "results" / "rows.csv").touch()
  assert commit() == first
  (tmp_path / "new.py").touch()
  assert commit() == f"{first}+"
