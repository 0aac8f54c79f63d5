"""rich and typer: a table, highlighted code, Markdown, the help of a command line."""

import contextlib
import io

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.syntax import Syntax
from rich.table import Table

app = typer.Typer()


@app.command()
def main(x: int = 1):
    print(x)


if __name__ == "__main__":
    table = Table("x")
    table.add_row("☃ :smile:")
    console = Console(file=io.StringIO())
    console.print(table, Syntax("x = 1", "python", theme="monokai"), Markdown("# x\n- y"))
    try:
        raise ValueError
    except ValueError:
        console.print_exception()
    with contextlib.suppress(SystemExit):
        app(["--help"])
