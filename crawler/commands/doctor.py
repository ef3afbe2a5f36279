"""The daily job on a machine: whether it can run there."""

import json
from dataclasses import asdict

import click

from crawler.config import Config


@click.command()
@click.option("--deep", is_flag=True, help="Read whole databases, to see whether they are damaged.")
@click.option("--online", is_flag=True, help="Ask the first source to visit for its robots.txt.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_obj
def doctor(config: Config, *, deep: bool, online: bool, as_json: bool) -> None:
    """Examine this machine and installation; say what to do. Exit status 1 on a problem.

    Changes nothing, and asks the network nothing unless told --online.

    \b
    Example: tamis doctor
    """
    from crawler.doctor import Case, State, examine

    found = examine(Case(config, deep=deep, online=online))
    well = all(each.state != State.PROBLEM for findings in found.values() for each in findings)
    if as_json:
        told = {name: [asdict(each) for each in findings] for name, findings in found.items()}
        click.echo(json.dumps({"well": well, "checks": told}, ensure_ascii=False, indent=2))
    else:
        for name, findings in found.items():
            for each in findings:
                click.echo(f"{each.state:<8} {name}: {each.said}")
                if each.do:
                    click.echo(f"{'':<8} -> {each.do}")
    if not well:
        raise SystemExit(1)
