# `python3 threads-workload.py THREADS CHILDREN CALLS`: after a line on its input, begins threads and children, which call getppid.
import os
import sys
import threading

threads, children, calls = map(int, sys.argv[1:])


def call():
    for _ in range(calls):
        os.getppid()


# What began it may be a script with children of its own.
print("ready", flush=True)
sys.stdin.readline()
for _ in range(max(threads, children)):
    if threads > 0:
        threads -= 1
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
    if children > 0:
        children -= 1
        pid = os.fork()
        if pid == 0:
            call()
            os._exit(0)
        os.waitpid(pid, 0)
