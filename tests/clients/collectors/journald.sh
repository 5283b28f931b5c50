#!/bin/sh
# Starts a real systemd-journald in this mount name space, runs a command while it listens, and writes the journal in three
# forms: OUT.short, OUT.short-iso and OUT.json. The command's stdout and stderr go through systemd-cat.
#   journald.sh OUT COMMAND…    (needs private mounts, so that /run can be replaced)
set -eu
out=$1
shift
mount -t tmpfs tmpfs /run -o mode=755
mkdir -p /run/systemd/journal /run/systemd/system
/lib/systemd/systemd-journald >/dev/null 2>&1 &
daemon=$!
tries=0
until [ -S /run/systemd/journal/dev-log ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ]
    sleep 0.05
done
export OCR_SYSLOG=/run/systemd/journal/dev-log
systemd-cat -t ocr-gateway "$@"
sleep 0.5
for form in short short-iso json; do
    journalctl -D /run/log/journal -o "$form" --no-pager -q -t ocr-gateway -t ocr-cron >"$out.$form"
done
kill "$daemon"
wait "$daemon" || true
