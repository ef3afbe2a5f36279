"""Where the files of the site are: templates, plugins, translations, metadata."""

from pathlib import Path

from crawler.errors import ConfigError


def site_folder() -> Path:
    """The configuration directory: inside the package if installed from a wheel, else the tree's.

    Raises ConfigError if neither is there.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_site", package.parent / "datasette"):
        if (folder / "metadata.yml").is_file():
            return folder
    raise ConfigError(
        f"no site in {package / '_site'} nor {package.parent / 'datasette'}: "
        "install the wheel, or run from a checkout"
    )
