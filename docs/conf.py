"""Sphinx settings: `make docs` builds one site from README, docs/ and the code.

The source folder is the repository's root, so a relative link means the same
in the repository and in the site.
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]
import reproduce  # noqa: E402, F401, for its import of TensorFlow without notes

project = "sobolev_tf"
extensions = [
    "myst_parser",  # Markdown
    "sphinx.ext.apidoc",  # a page for every module of the package
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",  # Google-style docstrings
    "sphinx.ext.viewcode",
    "docstrings",  # ours
]
root_doc = "docs/index"
include_patterns = ["README.md", "WORKSPACE.md", "docs/**", "results/README.md",
                    "results/report/report.md"]
exclude_patterns = [".*", "build", "runs", "**/__pycache__"]

apidoc_modules = [{
    "path": "../sobolev_tf",
    "destination": "docs/api",
    "separate_modules": True,
    "module_first": True,
}]
apidoc_automodule_options = {"members"}
autodoc_default_options = {
    "ignore-module-all": True,  # each name where it is defined, only there
    "special-members": "__init__, __call__",
}
autodoc_class_signature = "separated"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_mock_imports = ["atari_py", "gym"]  # the extra legacy-atari
napoleon_attr_annotations = False
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # a class's attributes where it lists them, only there
smartquotes = False  # s'' is a second derivative
default_role = "literal"
myst_heading_anchors = 4

html_theme = "pydata_sphinx_theme"
html_title = project
html_extra_path = ["site"]  # index.html at the top leads to the front page
html_sidebars = {"**": ["globaltoc"]}  # all pages, under their captions
html_theme_options = {"navbar_center": [], "show_prev_next": False}
