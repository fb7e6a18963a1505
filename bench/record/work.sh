# `sh work.sh CGROUP.PROCS TIMES COMMAND…`: runs the command in that control group, each time when a line comes, and tells when it has ended.
echo $$ >"$1"
times=$2
shift 2
echo ready
while [ "$times" -gt 0 ]; do
  read -r line
  "$@" >/dev/null 2>&1 </dev/null || echo failed
  echo ended
  times=$((times - 1))
done
read -r line
