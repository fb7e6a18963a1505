# Runs trace-cmd with the instance `sonde-bench`. It wants to write to files of the function tracer even where none is asked for, which a
# locked-down kernel refuses: in a mount namespace of its own, they are /dev/null.
instance=/sys/kernel/tracing/instances/sonde-bench
mkdir -p $instance
mount --bind /dev/null /proc/sys/kernel/ftrace_enabled
for file in set_ftrace_filter set_ftrace_notrace set_ftrace_pid set_ftrace_notrace_pid; do
  for folder in $instance /sys/kernel/tracing; do
    [ -e $folder/$file ] && mount --bind /dev/null $folder/$file
  done
done

# It fails where the list of the kernel's symbols changes while it copies it.
for attempt in 1 2 3 4 5; do
  trace-cmd "$@" 2>/dev/null && exit
done
exit 1
