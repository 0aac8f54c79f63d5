"""``distil completion``, and how the shells ask for what can be written next.

A shell calls ``distil`` with ``_DISTIL_COMPLETE`` in its environment. click knows what may come
where; its scripts are replaced because an image is written ``oci:DIR:TAG``: bash takes colons
for the ends of words, and no space belongs behind one.
"""

from __future__ import annotations

import os
from typing import Final

import click
from click.shell_completion import (
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

VARIABLE: Final = "_DISTIL_COMPLETE"

_BASH: Final = r"""# distil's completion for bash 4.4 and newer.
%(complete_func)s() {
    local IFS=$'\n' line kind value typed before=""
    typed=${COMP_LINE:0:COMP_POINT}
    for line in $(DISTIL_LINE="$typed" %(complete_var)s=bash_complete "$1" 2>/dev/null); do
        kind=${line%%%%,*} value=${line#*,}
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                # What lies before the last colon stands on the line already.
                if [[ $COMP_WORDBREAKS == *:* ]]; then
                    before=${typed##*[[:space:]=]}
                    before=${before%%"${before##*:}"}
                fi
                COMPREPLY+=("${value#"$before"}")
                [[ $value != *[:/] ]] || compopt -o nospace
                ;;
        esac
    done
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_ZSH: Final = r"""#compdef %(prog_name)s
%(complete_func)s() {
    local -a plain open described
    local kind value help
    (( $+commands[%(prog_name)s] )) || return 1
    for kind value help in "${(@f)$(COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT - 1)) \
        %(complete_var)s=zsh_complete %(prog_name)s 2>/dev/null)}"; do
        case $kind in
            dir) _path_files -/ ;;
            file) _path_files -f ;;
            plain)
                if [[ $help != _ ]]; then
                    described+=("$value:$help")
                elif [[ $value == *[:/] ]]; then
                    open+=("$value")
                else
                    plain+=("$value")
                fi
                ;;
        esac
    done
    (( $#described )) && _describe -V unsorted described -U
    (( $#open )) && compadd -U -S '' -V unsorted -a open
    (( $#plain )) && compadd -U -V unsorted -a plain
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""


class _Bash(ShellComplete):
    """bash: the line up to the cursor is taken apart here, as bash's own words end at colons."""

    name = "bash"
    source_template = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ["DISTIL_LINE"]
        words = split_arg_string(line)[1:]
        started = bool(words) and not line[-1:].isspace()
        return (words[:-1], words[-1]) if started else (words, "")

    def format_completion(self, item: click.shell_completion.CompletionItem) -> str:
        return f"{item.type},{item.value}"


class _Zsh(ZshComplete):
    source_template = _ZSH


_SHELLS: Final[dict[str, type[ShellComplete]]] = {
    "bash": _Bash,
    "zsh": _Zsh,
    "fish": FishComplete,
}


def register() -> None:
    """Make click answer the shells with the classes here."""
    for shell in _SHELLS.values():
        add_completion_class(shell)


@click.command(name="completion", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("shell", type=click.Choice(list(_SHELLS)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that makes SHELL complete distil's commands, options and images.

    \b
    Install it for yourself:
      mkdir -p ~/.local/share/bash-completion/completions
      distil completion bash > ~/.local/share/bash-completion/completions/distil
      mkdir -p ~/.zfunc
      distil completion zsh > ~/.zfunc/_distil   # with `fpath+=~/.zfunc` before compinit
      mkdir -p ~/.config/fish/completions
      distil completion fish > ~/.config/fish/completions/distil.fish

    Or for one session of bash: eval "$(distil completion bash)"
    """  # noqa: D301 - click wants the backspace itself
    asked = _SHELLS[shell](ctx.find_root().command, {}, "distil", VARIABLE)
    click.echo(asked.source_template % asked.source_vars(), nl=False)
