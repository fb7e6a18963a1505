// Generated from packages/ftrace/data/syscalls.txt by tools/ftrace-tables.mjs.
export const syscallTable = `\
accept fd:s32 upeer_sockaddr:x64 upeer_addrlen:s32
accept4 fd:s32 upeer_sockaddr:x64 upeer_addrlen:s32 flags:h32
access filename:ustr mode:s32
acct name:ustr
add_key _type:ustr _description:u64 _payload:u64 plen:u64 ringid:s32
adjtimex txc_p:u64
alarm seconds:u32
arch_prctl option:s32 arg2:u64
bind fd:s32 umyaddr:u64 addrlen:s32
bpf cmd:s32 uattr:u64 size:u32
brk brk:u64
chdir filename:ustr
chmod filename:ustr mode:u16
chown filename:ustr user:u32 group:u32
chroot filename:ustr
clock_adjtime which_clock:s32 utx:u64
clock_getres which_clock:s32
clock_gettime which_clock:s32
clock_nanosleep which_clock:s32 flags:s32 rqtp:u64
clock_settime which_clock:s32 tp:u64
clone flags:x64=clone_flags newsp:x64 parent_tid:x64=parent_tidptr child_tid:x64=child_tidptr
clone3 uargs:u64 size:u64
close fd:u32
close_range fd:u32 max_fd:u32 flags:u32
connect fd:s32 uservaddr:x64 addrlen:h32
copy_file_range fd_in:s32 off_in:u64 fd_out:s32 off_out:u64 len:u64 flags:u32
creat pathname:ustr mode:u16
delete_module name_user:ustr flags:u32
dup fildes:u32
dup2 oldfd:u32 newfd:u32
dup3 oldfd:u32 newfd:u32 flags:s32
epoll_create size:s32
epoll_create1 flags:s32
epoll_ctl epfd:s32 op_enum:s32=op fd:s32
epoll_pwait epfd:s32 maxevents:s32 timeout:s32 sigmask:x64 sigsetsize:u64
epoll_pwait2 epfd:s32 events:u64 maxevents:s32 timeout:u64 sigmask:u64 sigsetsize:u64
epoll_wait epfd:s32 maxevents:s32 timeout:s32
eventfd count:u32
eventfd2 count:u32 flags:s32
execve filename:ustr argv:x64 envp:x64
execveat fd:s32 filename:ustr argv:u64 envp:u64 flags:s32
exit error_code:s32
exit_group error_code:s32
faccessat dfd:s32 filename:ustr mode:s32
faccessat2 dfd:s32 filename:ustr mode:s32 flags:s32
fadvise64 fd:s32 offset:s64 len:u64 advice:s32
fallocate fd:s32 mode:s32 offset:s64 len:s64
fanotify_init flags:u32 event_f_flags:u32
fanotify_mark fanotify_fd:s32 flags:u32 mask:u64 dfd:s32 pathname:ustr
fchdir fd:u32
fchmod fd:u32 mode:u16
fchmodat dfd:s32 filename:ustr mode:u16
fchown fd:u32 user:u32 group:u32
fchownat dfd:s32 filename:ustr user:u32 group:u32 flag:s32
fcntl fd:u32 cmd:u32 arg:u64
fdatasync fd:u32
fgetxattr fd:s32 name:ustr size:u64
finit_module fd:s32 uargs:u64 flags:s32
flistxattr fd:s32 size:u64
flock fd:u32 cmd:u32
fork
fremovexattr fd:s32 name:ustr
fsconfig fd:s32 cmd:u32 _key:u64 _value:u64 aux:s32
fsetxattr fd:s32 name:ustr value:u64 size:u64 flags:s32
fsmount fs_fd:s32 flags:u32 attr_flags:u32
fsopen _fs_name:ustr flags:u32
fspick dfd:s32 path:ustr flags:u32
fstatfs fd:u32
fsync fd:u32
ftruncate fd:u32 length:u64
futex uaddr:u64 op:s32 val:u32 utime:u64 uaddr2:u64 val3:u32
futex_waitv waiters:u64 nr_futexes:u32 flags:u32 timeout:u64 clockid:s32
futimesat dfd:s32 filename:ustr utimes:u64
get_mempolicy maxnode:u64 addr:u64 flags:u64
get_robust_list pid:s32
getcpu tcache:x64=tcache|unused
getcwd size:u64
getdents fd:u32 count:u32
getdents64 fd:u32 count:u32
getegid
geteuid
getgid
getgroups gidsetsize:s32
getitimer which:s32
getpeername fd:s32 usockaddr_len:u64
getpgid pid:s32
getpgrp
getpid
getppid
getpriority which:s32 who:s32
getrandom ubuf:u64 len:u64 flags:u32
getresgid
getresuid
getrlimit resource:u32
getrusage who:s32
getsid pid:s32
getsockname fd:s32 usockaddr_len:u64
getsockopt fd:s32 level:s32 optname:s32 optlen:u64
gettid
gettimeofday
getuid
getxattr pathname:ustr name:ustr size:u64
init_module umod:u64 len:u64 uargs:u64
inotify_add_watch fd:s32 pathname:ustr mask:u32
inotify_init
inotify_init1 flags:s32
inotify_rm_watch fd:s32 wd:s32
io_cancel ctx_id:u64 iocb:u64
io_destroy ctx:u64
io_getevents ctx_id:u64 min_nr:s64 nr:s64 timeout:u64
io_pgetevents ctx_id:u64 min_nr:s64 nr:s64 events:u64 timeout:u64 usig:u64
io_setup nr_events:u32 ctxp:u64
io_submit ctx_id:u64 nr:s64 iocbpp:u64
io_uring_enter fd:u32 to_submit:u32 min_complete:u32 flags:u32 argp:u64 argsz:u64
io_uring_register fd:u32 opcode:u32 arg:u64 nr_args:u32
io_uring_setup entries:u32 params:u64
ioctl fd:u32 cmd:u32 arg:u64
ioperm from:u64 num:u64 turn_on:s32
iopl level:u32
ioprio_get which:s32 who:s32
ioprio_set which:s32 who:s32 ioprio:s32
kcmp pid1:s32 pid2:s32 type:s32 idx1:u64 idx2:u64
kexec_file_load kernel_fd:s32 initrd_fd:s32 cmdline_len:u64 cmdline_ptr:u64 flags:u64
kexec_load entry:u64 nr_segments:u64 segments:u64 flags:u64
keyctl option:s32 arg2:u64 arg3:u64 arg4:u64 arg5:u64
kill pid:s32 sig:s32
lchown filename:ustr user:u32 group:u32
lgetxattr pathname:ustr name:ustr size:u64
link oldname:ustr newname:ustr
linkat olddfd:s32 oldname:ustr newdfd:s32 newname:ustr flags:s32
listen fd:s32 backlog:s32
listxattr pathname:ustr size:u64
llistxattr pathname:ustr size:u64
lookup_dcookie cookie64:u64 len:u64
lremovexattr pathname:ustr name:ustr
lseek fd:u32 offset:s64 whence:u32
lsetxattr pathname:ustr name:ustr value:u64 size:u64 flags:s32
madvise start:u64 len_in:u64 behavior:s32
mbind start:u64 len:u64 mode:u64 nmask:u64 maxnode:u64 flags:u32
membarrier cmd:s32 flags:u32 cpu_id:s32
memfd_create uname:ustr flags:u32
memfd_secret flags:u32
migrate_pages pid:s32 maxnode:u64 old_nodes:u64 new_nodes:u64
mincore start:u64 len:u64
mkdir pathname:ustr mode:u16
mkdirat dfd:s32 pathname:ustr mode:u16
mknod filename:ustr mode:u16 dev:u32
mknodat dfd:s32 filename:ustr mode:u16 dev:u32
mlock start:u64 len:u64
mlock2 start:u64 len:u64 flags:s32
mlockall flags:s32
mmap addr:x64 len:u64 prot:s32 flags:s32 fd:s32 offset:s64=offset|off -> ret:x64
modify_ldt func:s32 ptr:u64 bytecount:u64
mount dev_name:ustr dir_name:ustr type:ustr flags:u64 data:u64
mount_setattr dfd:s32 path:ustr flags:u32 uattr:u64 usize:u64
move_mount from_dfd:s32 from_pathname:ustr to_dfd:s32 to_pathname:ustr flags:u32
move_pages pid:s32 nr_pages:u64 pages:u64 nodes:u64 flags:s32
mprotect start:u64 len:u64 prot:u64
mq_getsetattr mqdes:s32 u_mqstat:u64
mq_notify mqdes:s32 u_notification:u64
mq_open u_name:ustr oflag:s32 mode:u16 u_attr:u64
mq_timedreceive mqdes:s32 msg_len:u64 u_abs_timeout:u64
mq_timedsend mqdes:s32 u_msg_ptr:u64 msg_len:u64 msg_prio:u32 u_abs_timeout:u64
mq_unlink u_name:ustr
mremap addr:u64 old_len:u64 new_len:u64 flags:u64 new_addr:u64
msgctl msqid:s32 cmd:s32 buf:u64
msgget key:s32 msgflg:s32
msgrcv msqid:s32 msgsz:u64 msgtyp:s64 msgflg:s32
msgsnd msqid:s32 msgp:u64 msgsz:u64 msgflg:s32
msync start:u64 len:u64 flags:s32
munlock start:u64 len:u64
munlockall
munmap addr:u64 len:u64
name_to_handle_at dfd:s32 name:ustr handle:u64 flag:s32
nanosleep rqtp:u64
newfstat fd:u32
newfstatat dfd:s32 filename:ustr flag:s32
newlstat filename:ustr
newstat filename:ustr
newuname
open filename:ustr flags:s32 mode:u16
open_by_handle_at mountdirfd:s32 handle:u64 flags:s32
open_tree dfd:s32 filename:ustr flags:u32
openat dfd:s32 filename:ustr flags:s32 mode:u16
openat2 dfd:s32 filename:ustr how:u64 usize:u64
pause
perf_event_open attr_uptr:u64 pid:s32 cpu:s32 group_fd:s32 flags:u64
personality personality:u32
pidfd_getfd pidfd:s32 fd:s32 flags:u32
pidfd_open pid:s32 flags:u32
pidfd_send_signal pidfd:s32 sig:s32 info:u64 flags:u32
pipe
pipe2 flags:s32
pivot_root new_root:ustr put_old:ustr
pkey_alloc flags:u64 init_val:u64
pkey_free pkey:s32
pkey_mprotect start:u64 len:u64 prot:u64 pkey:s32
poll timeout_msecs:s32 nfds:u32
ppoll tsp:u64 sigmask:u64 sigsetsize:u64 nfds:u32
ppoll_time32 tsp:u64 sigmask:u64 sigsetsize:u64 nfds:u32 fds_length:u32
prctl option:s32 arg2:u64 arg3:u64 arg4:u64 arg5:u64
pread64 fd:u32 count:u64 pos:s64
preadv fd:u64 vlen:u64 pos_l:u64 pos_h:u64
preadv2 fd:u64 vec:u64 vlen:u64 pos_l:u64 pos_h:u64 flags:s32
prlimit64 pid:s32 resource:u32 new_rlim:u64
process_madvise pidfd:s32 vec:u64 vlen:u64 behavior:s32 flags:u32
process_mrelease pidfd:s32 flags:u32
process_vm_readv pid:s32 liovcnt:u64 rvec:u64 riovcnt:u64 flags:u64
process_vm_writev pid:s32 lvec:u64 liovcnt:u64 rvec:u64 riovcnt:u64 flags:u64
pselect6 n:s32 sig:x64 tvp:u64=tvp|tsp
pselect6_time32 n:s32 tvp:u64 sig:x64
ptrace request:s64 pid:s64 addr:u64 data:u64
pwrite64 fd:u32 buf:u64 count:u64 pos:s64
pwritev fd:u64 vec:u64 vlen:u64 pos_l:u64 pos_h:u64
pwritev2 fd:u64 vec:u64 vlen:u64 pos_l:u64 pos_h:u64 flags:s32
quotactl cmd:u32 special:u64 id:u32 addr:u64
quotactl_fd fd:u32 cmd:u32 id:s32 addr:u64
read fd:u32 count:u64
readahead fd:s32 offset:s64 count:u64
readlink path:ustr bufsiz:s32
readlinkat dfd:s32 pathname:ustr bufsiz:s32
readv fd:u64 vec:u64 vlen:u64
reboot magic1:s32 magic2:s32 cmd:u32 arg:u64
recvfrom fd:s32 size:u64 flags:u32 addr_len:u64
recvmmsg fd:s32 vlen:u32 flags:u32 timeout:u64
recvmsg fd:s32 msg:u64 flags:u32
remap_file_pages start:u64 size:u64 prot:u64 pgoff:u64 flags:u64
removexattr pathname:ustr name:ustr
rename oldname:ustr newname:ustr
renameat olddfd:s32 oldname:ustr newdfd:s32 newname:ustr
renameat2 olddfd:s32 oldname:ustr newdfd:s32 newname:ustr flags:u32
request_key _type:ustr _description:u64 _callout_info:u64 destringid:s32
restart_syscall
rmdir pathname:ustr
rseq rseq:u64 rseq_len:u32 flags:s32 sig:u32
rt_sigaction sig:s32 act:u64 sigsetsize:u64
rt_sigpending sigsetsize:u64
rt_sigprocmask how:s32 nset:u64 sigsetsize:u64
rt_sigqueueinfo pid:s32 sig:s32 uinfo:u64
rt_sigreturn
rt_sigsuspend unewset:u64 sigsetsize:u64
rt_sigtimedwait uts:u64 sigsetsize:u64
rt_tgsigqueueinfo tgid:s32 pid:s32 sig:s32 uinfo:u64
sched_get_priority_max policy:s32
sched_get_priority_min policy:s32
sched_getaffinity pid:s32 len:u32
sched_getattr pid:s32 uattr:u64 usize:u32 flags:u32
sched_getparam pid:s32
sched_getscheduler pid:s32
sched_rr_get_interval pid:s32
sched_setaffinity pid:s32 len:u32 user_mask_ptr:u64
sched_setattr pid:s32 uattr:u64 flags:u32
sched_setparam pid:s32 param:u64
sched_setscheduler pid:s32 policy:s32 param:u64
sched_yield
seccomp op:u32 flags:u32 uargs:u64
select n:s32 tvp:u64
semctl semid:s32 semnum:s32 cmd:s32 arg:u64
semget key:s32 nsems:s32 semflg:s32
semop semid:s32 tsops:u64 nsops:u32
semtimedop semid:s32 tsops:u64 nsops:u32 timeout:u64
sendfile64 out_fd:s32 in_fd:s32 offset:u64 count:u64
sendmmsg fd:s32 mmsg:u64 vlen:u32 flags:u32
sendmsg fd:s32 msg:u64 flags:u32
sendto fd:s32 buff:u64 len:u64 flags:u32 addr:u64 addr_len:s32
set_mempolicy mode:s32 nmask:u64 maxnode:u64
set_mempolicy_home_node start:u64 len:u64 home_node:u64 flags:u64
set_robust_list head:u64 len:u64
set_tid_address tidptr:u64
setdomainname name:ustr len:s32
setfsgid gid:u32
setfsuid uid:u32
setgid gid:u32
setgroups gidsetsize:s32 grouplist:u64
sethostname name:ustr len:s32
setitimer which:s32 value:u64
setns fd:s32 nstype:s32=nstype|flags
setpgid pid:s32 pgid:s32
setpriority which:s32 who:s32 niceval:s32
setregid rgid:u32 egid:u32
setresgid rgid:u32 egid:u32 sgid:u32
setresuid ruid:u32 euid:u32 suid:u32
setreuid ruid:u32 euid:u32
setrlimit resource:u32 rlim:u64
setsid
setsockopt fd:s32 level:s32 optname:s32 optval:u64 optlen:s32
settimeofday tv:u64 tz:u64
setuid uid:u32
setxattr pathname:ustr name:ustr value:u64 size:u64 flags:s32
shmat shmid:s32 shmaddr:u64 shmflg:s32
shmctl shmid:s32 cmd:s32 buf:u64
shmdt shmaddr:u64
shmget key:s32 size:u64 shmflg:s32
shutdown fd:s32 how:s32
sigaltstack uss:u64 uoss:u64
signalfd ufd:s32 user_mask:u64 sizemask:u64
signalfd4 ufd:s32 user_mask:u64 sizemask:u64 flags:s32
socket family:s32 type:s32 protocol:s32
socketpair family:s32 type:s32 protocol:s32
splice fd_in:s32 off_in:u64 fd_out:s32 off_out:u64 len:u64 flags:u32
statfs pathname:ustr
statx dfd:s32 filename:ustr flags:u32 mask:u32 buffer:u64
swapoff specialfile:ustr
swapon specialfile:ustr swap_flags:s32
symlink oldname:ustr newname:ustr
symlinkat oldname:ustr newdfd:s32 newname:ustr
sync
sync_file_range fd:s32 offset:s64 nbytes:s64 flags:u32
syncfs fd:s32
sysctl args:u64
sysfs option:s32 arg1:u64 arg2:u64
sysinfo
syslog type:s32 len:s32
tee fdin:s32 fdout:s32 len:u64 flags:u32
tgkill tgid:s32 pid:s32 sig:s32
time
timer_create which_clock:s32 timer_event_spec:u64
timer_delete timer_id:s32
timer_getoverrun timer_id:s32
timer_gettime timer_id:s32
timer_settime timer_id:s32 flags:s32 new_setting:u64
timerfd_create clockid:s32 flags:s32
timerfd_gettime ufd:s32
timerfd_settime ufd:s32 flags:s32 utmr:u64
times
tkill pid:s32 sig:s32
truncate path:ustr length:s64
umask mask:s32
umount name:ustr flags:s32
unlink pathname:ustr
unlinkat dfd:s32 pathname:ustr flag:s32
unshare unshare_flags:u64
userfaultfd flags:s32
ustat dev:u32
utime filename:ustr times:u64
utimensat dfd:s32 filename:ustr utimes:u64 flags:s32
utimes filename:ustr utimes:u64
vfork
vhangup
vmsplice fd:s32 iov:u64=iov|uiov nr_segs:u64 flags:u32
wait4 upid:s32 options:s32
waitid which:s32 upid:s32 options:s32
write fd:u32 buf:u64 count:u64
writev fd:u64 vec:u64 vlen:u64
`;
