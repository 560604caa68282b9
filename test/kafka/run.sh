#!/usr/bin/env bash
# Runs a command against a real Apache Kafka broker (KRaft, one node, on loopback), whose address the command finds in
# EARSHOT_TEST_KAFKA. Usage: test/kafka/run.sh COMMAND [ARG ...]
# EARSHOT_TEST_KAFKA_BROKER names a program that is the broker, and writes its process id into the file of that name with
# .pid: a test may kill the broker and start it again.
# The broker is fetched from Maven once, into .cache/kafka. Where Java or Maven is missing the suite says so and is skipped
# with exit code 0, except under CI=true.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=$root/.cache/kafka

lacking() {
  echo "real Kafka: $1"
  [ "${CI:-}" = true ] && exit 1
  echo "real Kafka: skipped"
  exit 0
}
command -v java >/dev/null || lacking "java is not installed (17 or newer)"

version=$(sed -n 's/.*<version>\([0-9.]*\.[0-9.]*\)<.*/\1/p' "$here/pom.xml")
lib=$cache/lib-$version
if [ ! -e "$lib/.complete" ]; then
  command -v mvn >/dev/null || lacking "mvn is not installed"
  echo "real Kafka: fetching the $version broker from Maven (about 130 MB) ..."
  rm -rf "$lib"
  # A passing fault of the network costs one more try, not the run.
  for try in 1 2 3; do
    mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$lib" && break
    [ "$try" = 3 ] && lacking "the broker could not be fetched from Maven"
    sleep 5
  done
  touch "$lib/.complete"
fi

work=$(mktemp -d)
finish() {
  broker=$(cat "$work/broker.pid" 2>/dev/null || true)
  if [ -n "$broker" ] && kill "$broker" 2>/dev/null; then
    kill -CONT "$broker" 2>/dev/null || true
    for _ in $(seq 100); do kill -0 "$broker" 2>/dev/null || break; sleep 0.1; done
  fi
  rm -rf "$work"
}
trap finish EXIT

free_port() { # a port that the kernel has just given out and taken back
  python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])' 2>/dev/null ||
    node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}
port=$(free_port)
controller=$(free_port)
cat >"$work/server.properties" <<EOT
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
log.dirs=$work/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
EOT
cat >"$work/log4j2.yaml" <<'EOT'
Configuration:
  Appenders: {Console: {name: out, target: SYSTEM_ERR, PatternLayout: {pattern: "%d %p %c %m%n"}}}
  Loggers: {Root: {level: WARN, AppenderRef: [{ref: out}]}}
EOT
java_opts=(-Xmx512m -cp "$lib/*" "-Dlog4j2.configurationFile=$work/log4j2.yaml")
java "${java_opts[@]}" kafka.tools.StorageTool format -t "$(head -c 16 /dev/urandom | base64 | tr '+/' 'AB' | tr -d =)" \
  -c "$work/server.properties" >"$work/format.log" 2>&1 || { cat "$work/format.log"; exit 1; }
{
  echo '#!/usr/bin/env bash'
  echo "echo \$\$ >'$work/broker.pid'"
  echo "exec $(printf '%q ' java "${java_opts[@]}" kafka.Kafka "$work/server.properties") >>'$work/broker.log' 2>&1"
} >"$work/broker"
chmod +x "$work/broker"
"$work/broker" &
broker=$!
for _ in $(seq 120); do
  (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
  kill -0 "$broker" 2>/dev/null || { cat "$work/broker.log"; echo "real Kafka: the broker died"; exit 1; }
  sleep 0.5
done
echo "real Kafka: broker $version on 127.0.0.1:$port"
EARSHOT_TEST_KAFKA=127.0.0.1:$port EARSHOT_TEST_KAFKA_BROKER=$work/broker "$@"
