#!/usr/bin/env bash
# A study through `chokepoint slurm submit` on a Slurm of three virtual nodes on loopback, one of whose daemons is killed in
# the middle: its task is queued again, the merge waits, and the results have the bytes of `chokepoint run`.
# Usage: tests/slurm.sh [FUTURES]; the program is $CHOKEPOINT or target/release/chokepoint. Needs root, and Debian packages,
# which it installs: slurm-wlm, munge. Exits with 77 where they cannot be had.
set -euo pipefail
futures=${1:-480}
program=$(realpath "${CHOKEPOINT:-$(dirname "$0")/../target/release/chokepoint}")

unable() {
  echo "slurm.sh: not run: $1" >&2
  exit 77
}
[ "$(id -u)" -eq 0 ] || unable "starting Slurm's daemons needs root"
if ! command -v slurmctld >/dev/null || ! command -v slurmd >/dev/null || ! command -v munged >/dev/null; then
  command -v apt-get >/dev/null || unable "no apt-get to install slurm-wlm and munge with"
  { apt-get update -q && apt-get install -y -q --no-install-recommends slurm-wlm munge; } >/dev/null 2>&1 \
    || unable "the packages slurm-wlm and munge cannot be installed"
fi

folder=$(mktemp -d)
chmod 755 "$folder"
nodes=3
pids=()
ended() {
  code=$?
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  sleep 1
  for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
  if [ "$code" -ne 0 ]; then tail -n 30 "$folder"/*.log "$folder"/job/logs/* 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap ended EXIT

mkdir "$folder/munge" "$folder/state"
chmod 700 "$folder/munge"
dd if=/dev/urandom of="$folder/munge/key" bs=1 count=128 status=none
chmod 400 "$folder/munge/key"
munged --foreground --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
  --pid-file="$folder/munge/pid" --log-file="$folder/munge/log" --seed-file="$folder/munge/seed" \
  >"$folder/munged.log" 2>&1 &
pids+=($!)

cat >"$folder/slurm.conf" <<CONF
ClusterName=loopback
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=26817
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool-%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd-%n.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/linear
SwitchType=switch/none
MpiDefault=none
JobRequeue=1
ReturnToService=2
SlurmdTimeout=6
SchedulerParameters=batch_sched_delay=1,sched_interval=2
BatchStartTimeout=5
MinJobAge=3600
NodeName=node[1-$nodes] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[27001-$((27000 + nodes))] CPUs=1
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$folder/slurm.conf
for _ in $(seq 50); do [ -S "$folder/munge/socket" ] && break || sleep 0.1; done
slurmctld -D >"$folder/ctld.log" 2>&1 &
pids+=($!)
daemon=()
for node in $(seq $nodes); do
  mkdir "$folder/spool-node$node"
  slurmd -D -N "node$node" >"$folder/node$node.log" 2>&1 &
  pids+=($!)
  daemon[node]=$!
done
for _ in $(seq 100); do
  [ "$(sinfo -h -N -o %t 2>/dev/null | grep -c '^idle$' || true)" -eq $nodes ] && break || sleep 0.3
done
sinfo -N

study=(did-controls-work --runs "$futures")
blocks=8
cd "$folder"
mapfile -t jobs < <("$program" slurm submit "${study[@]}" --blocks $blocks --folder job)
array=${jobs[0]} merge=${jobs[1]}
echo "array $array, merge $merge"
# In the middle: something is done, and node 2 has a task.
for _ in $(seq 1200); do
  finished=$(find job/blocks -name '*.runs' 2>/dev/null | wc -l || true)
  lost=$(squeue -h -r -j "$array" -w node2 -t RUNNING -o %i 2>/dev/null || true)
  [ "$finished" -ge 1 ] && [ -n "$lost" ] && break || sleep 0.1
done
[ -n "$lost" ] || { echo "node2 never had a task"; exit 1; }
squeue -r
# The node is lost: its daemon, the step that it started, and the block under it.
number=${lost#*_}
until task=$(pgrep -f "block $folder/job $number\$"); do sleep 0.05; done
step=$(ps -o ppid= -p "$task" | tr -d ' ')
kill -9 "${daemon[2]}" "$step" "$task"
echo "killed the daemon of node2 and what it ran, task $lost, after $finished of $blocks blocks"
for _ in $(seq 1200); do
  restarts=$(scontrol show job "$lost" 2>/dev/null | grep -o 'Restarts=[0-9]*' | cut -d= -f2 || true)
  [ "${restarts:-0}" -ge 1 ] && break || sleep 0.2
done
scontrol show job "$lost" | grep -E 'JobState|Restarts|NodeList' || true
sinfo -N
[ "${restarts:-0}" -ge 1 ] || { echo "the task was not queued again"; exit 1; }
for _ in $(seq 3000); do
  state=$(scontrol show job "$merge" | grep -o 'JobState=[A-Z_]*' | cut -d= -f2)
  case $state in COMPLETED | FAILED | CANCELLED | NODE_FAIL) break ;; *) sleep 0.2 ;; esac
done
grep -hE 'requeue job|not responding' "$folder/slurmctld.log" || true
[ "$state" = COMPLETED ] || { echo "the merge ended as $state"; exit 1; }
"$program" run "${study[@]}" --out whole >/dev/null 2>&1
diff -rq --exclude=timing.json whole job/results
echo "$blocks blocks on $nodes nodes, one lost, its task queued again ($restarts), merged: every byte the same"
