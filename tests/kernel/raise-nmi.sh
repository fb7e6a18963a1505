# `sh raise-nmi.sh FOLDER`, as root: has the kernel send non-maskable interrupts, and prints how many came. A write into a frozen file system
# waits without end; what looks for hung tasks then asks all other CPUs for their stacks, by NMI. All is as before when it ends.
set -e
if [ "$(cat /proc/sys/kernel/hung_task_panic)" != 0 ]; then
  echo 'The kernel would panic: kernel.hung_task_panic is set.' >&2
  exit 1
fi
image=$1/frozen.img
mount=$1/frozen
settings=/proc/sys/kernel/hung_task
nmis() { awk '$1 == "NMI:" { for (i = 2; i <= NF; i++) if ($i ~ /^[0-9]+$/) sum += $i; print sum }' /proc/interrupts; }

names='all_cpu_backtrace warnings check_interval_secs timeout_secs'
before=$(for name in $names; do cat "${settings}_$name"; done)
undo() {
  fsfreeze --unfreeze "$mount" || true
  wait
  umount "$mount" || true
  set -- $before
  for name in $names; do
    echo "$1" >"${settings}_$name"
    shift
  done
  rm -r "$image" "$mount"
}

mkdir "$mount"
truncate -s 16M "$image"
mkfs.ext4 -q -F "$image"
mount -o loop "$image" "$mount"
trap undo EXIT
# A signal alone would end it with nothing undone.
trap 'exit 1' HUP INT TERM
for name in $names; do echo 1 >"${settings}_$name"; done
from=$(nmis)
fsfreeze --freeze "$mount"
touch "$mount/hangs" &
# Found in the second or third second of its wait.
for _ in 1 2 3 4 5 6 7 8 9 10; do
  sleep 0.5
  [ "$(nmis)" = "$from" ] || break
done
echo $(($(nmis) - from))
