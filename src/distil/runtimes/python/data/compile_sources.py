"""Sources in, byte code out: run by the interpreter that the byte code is for, and only there.

On standard input and output, for each module: length of its path and of its source, both; then
length of its byte code, 0 for what does not compile, and the byte code. Lengths are 4 bytes,
little-endian. Nothing that is read is executed.
"""

import importlib.util
import marshal
import sys

_UNCHECKED_HASH = (0b01).to_bytes(4, "little")  # PEP 552

# There is one string of each of these characters in a process, and marshal writes of each whether
# it is interned. It must not depend on what was compiled before, so all of them are.
for _number in range(256):
    sys.intern(chr(_number))


def byte_code(path: str, source: bytes) -> bytes:
    """The contents of the file of byte code for the module at `path`."""
    # What marshal writes depends on who else refers to a constant. A code object that was not
    # executed shares with others only what is interned, and that is always written alike, and
    # the characters above.
    code = compile(source, path, "exec", dont_inherit=True, optimize=0)
    head = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(source)
    return head + marshal.dumps(code)


def main() -> None:
    """Answer until the input ends."""
    read, write = sys.stdin.buffer.read, sys.stdout.buffer.write
    while head := read(8):
        path = read(int.from_bytes(head[:4], "little")).decode("utf-8", "surrogateescape")
        source = read(int.from_bytes(head[4:], "little"))
        try:
            data = byte_code(path, source)
        except Exception:  # whatever the compiler of some version raises: it has no byte code
            data = b""
        write(len(data).to_bytes(4, "little") + data)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
