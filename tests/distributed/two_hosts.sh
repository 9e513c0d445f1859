#!/bin/sh
# The test mpirun on two "hosts": network namespaces of this machine, joined by a virtual cable. Run by hand, as root:
#
#   two_hosts.sh PROGRAM [SECONDS [STEPS [COMMAND...]]]      SECONDS: the delay of each direction of the cable, 0.001
#
# Needs iproute2, and for a delay python3. Half of the ranks run on each host, and talk by TCP alone. With COMMAND, that
# runs on 4 ranks instead of the test.
set -eu
program=$(realpath "$1")
delay=${2:-0}
steps=${3:-200}
shift $(($# < 3 ? $# : 3))
cable=
work=$(mktemp -d)
cleanup() {
  [ -z "$cable" ] || kill "$cable" 2>/dev/null || true
  for host in tenbin1 tenbin2; do ip netns delete $host 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

ip netns add tenbin1
ip netns add tenbin2
if [ "$delay" = 0 ]; then
  ip link add name cable1 netns tenbin1 type veth peer name cable2 netns tenbin2
else
  python3 "$(dirname "$0")/cable.py" tenbin1 tenbin2 "$delay" &
  cable=$!
  until ip -n tenbin2 link show cable2 >/dev/null 2>&1; do sleep 0.1; done
fi
for i in 1 2; do
  ip -n tenbin$i address add 10.77.0.$i/24 dev cable$i
  ip -n tenbin$i link set lo up
  ip -n tenbin$i link set cable$i up
done

# What mpirun calls instead of ssh: AGENT HOST COMMAND... Each host has a name of its own.
cat >"$work/agent" <<'AGENT'
#!/bin/sh
host=tenbin${1##*.}
shift
exec ip netns exec "$host" unshare --uts sh -c 'hostname "$0"; exec sh -c "$1"' "$host" "$*"
AGENT
chmod +x "$work/agent"

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 TENBIN_NUM_THREADS=1
on_two_hosts() { # RANKS COMMAND...
  ranks=$1
  shift
  ip netns exec tenbin1 unshare --uts sh -c 'hostname tenbin1; exec "$@"' sh \
    mpirun -n "$ranks" --host 10.77.0.1:$(((ranks + 1) / 2)),10.77.0.2:$((ranks / 2)) --mca plm_rsh_agent "$work/agent" \
    --mca btl tcp,self --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 \
    -x TENBIN_NUM_THREADS "$@"
}

if [ $# -gt 0 ]; then
  on_two_hosts 4 "$@"
  exit
fi
on_two_hosts 4 hostname | sort | uniq -c
failed=0
for optimizer in SGD MomentumSGD Adam; do
  for normalize in valid_count batch_size weight_sum; do
    alone=$("$program" hash $optimizer $normalize "$steps")
    for ranks in 2 3 4 8; do
      got=$(on_two_hosts $ranks "$program" hash $optimizer $normalize "$steps" 2>&1)
      if [ "$alone" = "$got" ]; then
        echo "ok: $optimizer, $normalize, $ranks ranks on two hosts: $got"
      else
        echo "FAILED: $optimizer, $normalize, $ranks ranks: expected $alone, got $got"
        failed=1
      fi
    done
  done
done
exit $failed
