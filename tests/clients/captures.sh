#!/bin/sh
# Every capture, one line each; called by `run` inside the name spaces of `enter`.   captures.sh HOME OUT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
home=$1
out=$2
py="$home/venv/bin/python"
export OCR_SCENARIOS="$here"

capture() { # SCENARIO NAME [CALLS] -- COMMAND…
    scenario=$1 name=$2 calls=
    shift 2
    [ "$1" = -- ] || { calls=$1; shift; }
    shift
    python3 "$here/capture.py" --scenario "$scenario" --out "$out/$name.log" ${calls:+--calls "$calls"} ${only_stderr:+--stderr-only} -- "$@"
}
truth() { name=$1; shift; python3 "$here/locate.py" "$out/$name.log" "$@"; }

capture catalogue python-logging -- "$py" "$home/app/sdk_logging.py"
capture variants python-wire-variants -- "$py" "$home/app/sdk_logging.py"
capture awkward python-awkward-messages -- "$py" "$home/app/sdk_logging.py"
for shape in exception repr access_log print structlog json_logger; do
    capture few "python-$(echo $shape | tr _ -)" -- "$py" "$home/app/sdk_$shape.py"
done
capture few python-loguru 9 -- "$py" "$home/app/sdk_loguru.py"
capture few python-loguru-json -- "$py" "$home/app/sdk_loguru.py" json
capture few python-structlog-json -- "$py" "$home/app/sdk_structlog.py" json
capture retries python-retries 8 -- "$py" "$home/app/sdk_retries.py"
capture threads python-threads -- "$py" "$home/app/sdk_threads.py"
capture successes python-successes -- "$py" "$home/app/successes.py"
capture awkward+few requests-bodies -- "$py" "$home/app/requests_bodies.py"
capture few requests-debug 6 -- "$py" "$home/app/requests_debug.py"
capture fixed requests-long-lines 8 -- "$py" "$home/app/requests_long.py"
capture few python-access-lines 36 -- "$py" "$home/app/access_lines.py"
capture few httpx -- "$py" "$home/app/httpx_async.py"
capture few node-console -- node "$home/node/console_error.js"
only_stderr=1
capture fixed node-text -- node "$home/node/console_text.js"
capture fixed node-bunyan -- node "$home/node/bunyan.js"
only_stderr=
capture few node-winston 6 -- node "$home/node/winston.js"
capture few node-pino 6 -- node "$home/node/pino.js"
capture awkward+few node-fetch -- node "$home/node/fetch_bodies.js"
capture variants curl-headers -- sh "$home/bin/curl_headers.sh"
capture few curl-cron -- sh "$home/bin/curl_cron.sh"
if [ -n "${OCR_JAVA_CLASSPATH:-}" ]; then
    rm -f "$home/scratch/trust"
    keytool -importcert -noprompt -alias ca -file "$home/scratch/ca.pem" -keystore "$home/scratch/trust" -storepass changeit >/dev/null 2>&1
    set -- java -Duser.timezone=Asia/Shanghai -Djavax.net.ssl.trustStore="$home/scratch/trust" -Djavax.net.ssl.trustStorePassword=changeit \
        -cp "$home/classes:$OCR_JAVA_CLASSPATH"
    capture few java-print 11 -- "$@" OcrClients print
    capture few java-util-logging -- "$@" OcrClients jul
    capture fixed java-logback -- "$@" OcrClients slf4j
    capture few java-log4j -- "$@" OcrClients log4j
    capture few java-log4j-json -- "$@" -Dappender=json OcrClients log4j
fi
if [ -n "${OCR_GO_CLIENT:-}" ]; then
    capture few+awkward go-log -- "$OCR_GO_CLIENT" log
    capture few go-logrus -- "$OCR_GO_CLIENT" logrus
    capture few go-zap -- "$OCR_GO_CLIENT" zap
fi
if [ -n "${OCR_PHP_AUTOLOAD:-}" ]; then
    capture few php 11 -- php -d curl.cainfo="$home/scratch/ca.pem" -d display_errors=stderr -d log_errors=0 "$home/php/client.php"
fi
capture gateway ocr-gateway -- "$py" "$home/app/gateway.py"

python3 "$here/locate_successes.py" "$out/python-access-lines.log"
for file in "$out"/*.log; do
    name=$(basename "$file" .log)
    case $name in
    httpx) truth "$name" --start '^[0-9]{4}-' ;;
    curl-headers) truth "$name" --start '^== ' ;;
    python-threads) truth "$name" --unmarked ;;
    *) truth "$name" ;;
    esac
done

# Collectors. The two rsyslog files are two templates of one run; journald's captures are real journals of captured output
# (systemd-cat) and of a client that logs to the socket itself.
wrap() { # FORM SOURCE NAME [OPTION of locate.py]
    "$here/wrap.py" "$1" <"$out/$2.log" >"$out/$3.log"
    truth "$3" --from "$out/$2.log" ${4:---parts}
}
wrap docker node-console docker-node-console
wrap docker python-json-logger docker-json-logger
wrap docker requests-long-lines docker-long-lines
wrap cri requests-long-lines cri-long-lines
wrap filebeat requests-bodies filebeat-requests-bodies --skip-empty
[ ! -f "$out/java-print.log" ] || wrap cri java-print cri-java-print

capture few rsyslog -- "$here/collectors/rsyslog.sh" "$out/rsyslog" "$py" "$home/app/syslog_handler.py"
capture few+fixed logger -- "$here/collectors/rsyslog.sh" "$out/logger" sh "$home/bin/logger.sh" local
capture few logger-rfc5424 -- "$here/collectors/rsyslog.sh" "$out/logger-rfc5424" sh "$home/bin/logger.sh" rfc5424
for pair in rsyslog:traditional:rsyslog-python rsyslog:rfc5424:rfc5424-python logger:precise:rsyslog-logger logger-rfc5424:rfc5424:rfc5424-logger; do
    source=${pair%%:*} form=${pair#*:}
    mv "$out/$source.${form%:*}" "$out/${pair##*:}.log"
    python3 "$here/locate.py" "$out/${pair##*:}.log" --unmarked --journal "$out/$source.journal"
done
capture few journald -- "$here/collectors/journald.sh" "$out/journald" "$py" "$home/app/syslog_handler.py"
for form in short json; do
    mv "$out/journald.$form" "$out/journald-$form.log"
    python3 "$here/locate.py" "$out/journald-$form.log" --unmarked --journal "$out/journald.journal"
done
for pair in node-console:short-iso:journald-iso-node-console python-loguru:json:journald-json-python-loguru; do
    source=${pair%%:*} form=${pair#*:}
    unshare --mount --propagation private "$here/collectors/journald.sh" "$out/cat" cat <"$out/$source.log"
    mv "$out/cat.${form%:*}" "$out/${pair##*:}.log"
    truth "${pair##*:}" --from "$out/$source.log" --skip-empty
done
rm -f "$out"/*.journal "$out"/rsyslog.* "$out"/logger.* "$out"/logger-rfc5424.* "$out"/journald.* "$out"/cat.*
