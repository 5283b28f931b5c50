#!/bin/sh
# Starts a real rsyslogd, runs a command while it listens, ends it. Three files come out: the traditional file format, the
# RFC 5424 format and the format with high-precision stamps. Control characters stay escaped (`#012`), rsyslog's default.
#   rsyslog.sh OUT COMMAND…     (OUT.traditional, OUT.rfc5424, OUT.precise)
set -eu
out=$1
shift
work=$(mktemp -d)
export OCR_SYSLOG="$work/log" OCR_SYSLOG_PORT=10514
cat >"$work/rsyslog.conf" <<CONF
global(workDirectory="$work" maxMessageSize="64k")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="$OCR_SYSLOG" CreatePath="on")
module(load="imtcp")
input(type="imtcp" port="$OCR_SYSLOG_PORT" address="127.0.0.1")
action(type="omfile" file="$out.traditional" template="RSYSLOG_TraditionalFileFormat")
action(type="omfile" file="$out.rfc5424" template="RSYSLOG_SyslogProtocol23Format")
action(type="omfile" file="$out.precise" template="RSYSLOG_FileFormat")
CONF
rsyslogd -n -f "$work/rsyslog.conf" -i "$work/pid" &
daemon=$!
tries=0
until [ -S "$OCR_SYSLOG" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ]
    sleep 0.05
done
"$@"
sleep 0.5
kill "$daemon"
wait "$daemon" || true
rm -r "$work"
