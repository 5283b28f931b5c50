"""The five minutes of docs/fleet.md, as a reader types them."""

import os
import re
import subprocess
from pathlib import Path

from broker import until

PAGE = Path(__file__).parents[2] / "docs" / "fleet.md"


def the_five_minutes_of_the_documentation_work_as_written(world):
    world.room()
    text = PAGE.read_text().split("\n## In five minutes\n")[1].split("\n## ")[0]
    here = world.home / "typed"
    here.mkdir()
    for name, content in re.findall(r"```toml\n# (\S+\.toml)\n(.*?)```", text, re.S):
        (here / name).write_text(content)
    commands = [block for block in re.findall(r"```sh\n(.*?)```", text, re.S)]
    shown = re.search(r"```text\n(.*?)```", text, re.S)[1]
    # The folder that the page names is one of ours alone.
    (folder,) = {found for found in re.findall(r'directory = "(.*?)/[^/"]+"', text)}
    Path(folder).mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)
    # Programs that the reader's shell finds; the broker's package is there.
    (world.home / "bin").mkdir()
    (world.home / "bin" / "ocrwatch").symlink_to(world.program)
    environment = {**world.environment, "PATH": f"{world.home}/bin:{os.environ['PATH']}", "HOME": str(here), "TZ": "UTC"}
    screen = world.home / "screen"
    typed = "\n".join(line for block in commands for line in [*block.splitlines(), "sleep 1"] if "apt-get" not in line)
    with open(screen, "wb") as out:
        shell = subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=out, stderr=out, cwd=here, env=environment,
                                 start_new_session=True)
        shell.stdin.write(f"{typed}\nwait\n".encode())
        shell.stdin.close()
    try:
        for piece in shown.split("…"):
            # What is worked out from the time of the day is another one each time.
            fixed = re.split(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", " ".join(piece.split()))
            words = re.compile("[-0-9: ]+".join(map(re.escape, fixed)))
            until(f"the screen shows {piece.strip()!r}", lambda: words.search(" ".join(on(screen).split())), 45)
    except TimeoutError:
        print(on(screen)[-2000:])
        raise
    finally:
        os.killpg(shell.pid, 9)
        shell.wait()
        subprocess.run(["umount", "--lazy", folder], check=True)
        Path(folder).rmdir()


def on(screen):
    return screen.read_text(errors="replace")


DOCUMENTED = [the_five_minutes_of_the_documentation_work_as_written]
