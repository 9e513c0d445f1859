#!/bin/sh
# Trains on 1, 2, 3, 4 and 8 ranks, and without mpirun, and compares the bits; ends ranks by errors.
#   mpirun.sh PROGRAM [STEPS]
set -u
program=$1
steps=${2:-200}
command -v mpirun >/dev/null || { echo "skipped: no mpirun (Debian: openmpi-bin)"; exit 77; }

# Open MPI refuses to run as root, and more ranks than processors, unless it is told to; in containers the
# copy between processes by the kernel is often not allowed.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_btl_vader_single_copy_mechanism=none
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 TENBIN_NUM_THREADS=1

failed=0
check() { # NAME EXPECTED GOT
  if [ "$2" = "$3" ]; then echo "ok: $1: $3"; else echo "FAILED: $1: expected $2, got $3"; failed=1; fi
}

for optimizer in SGD MomentumSGD Adam; do
  for normalize in valid_count batch_size weight_sum; do
    alone=$("$program" hash $optimizer $normalize "$steps")
    for ranks in 1 2 3 4 8; do
      got=$(mpirun -n $ranks "$program" hash $optimizer $normalize "$steps" 2>&1)
      check "$optimizer, $normalize, $ranks ranks" "$alone" "$got"
    done
  done
done

output=$(timeout 20 mpirun -n 3 "$program" fail 2>&1)
status=$?
check "a rank that throws ends the job" 1 $((status != 0 && status != 124))
check "with its number and message" "rank 1: the disk is full" "$(echo "$output" | grep '^rank 1:' | head -1)"
output=$(timeout 20 mpirun -n 3 "$program" leave 2>&1)
status=$?
check "a rank that leaves early ends the job" 1 $((status != 0 && status != 124))
check "and the others say so" 1 "$(echo "$output" | grep -c 'rank 1 calls the end of the program' | sed 's/[1-9].*/1/')"
output=$(timeout 20 mpirun -n 9 "$program" hash SGD batch_size 1 2>&1)
check "more ranks than shards are an error" 1 \
  "$(echo "$output" | grep -c 'expected as many shards as ranks or more, got 8 shards for 9 ranks' | sed 's/[1-9].*/1/')"

# A signal to mpirun: all ranks finish the iteration, and the snapshot is there; started again, it goes on.
directory=$(mktemp -d)
alone=$("$program" train "$directory/alone")
mpirun -n 3 --mca odls_base_sigkill_timeout 3 "$program" train "$directory/stopped" >"$directory/output" 2>&1 &
job=$!
while [ ! -e "$directory/stopped/pid.2" ]; do sleep 0.05; done
sleep 0.3
kill -TERM "$(cat "$directory/stopped/pid.1")"  # one rank alone
wait $job
check "a signal to one rank interrupts all" 1 $(($? != 0))
file=$(sed -n 's/.*the state is in \([^ :]*\).*/\1/p' "$directory/output" | head -1)
check "and the snapshot that it names is there" yes "$([ -n "$file" ] && [ -e "$file" ] && echo yes)"
check "from which another number of ranks goes on" "$alone" "$(mpirun -n 2 "$program" train "$directory/stopped" 2>&1)"
rm -rf "$directory"
exit $failed
