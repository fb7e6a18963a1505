import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const fileSettings = ['--file-num=8', '--file-total-size=16M', '--file-fsync-freq=1000'];
/** On two CPUs, what threads do to each other, and whether they switch at all, varies more than what recording costs. */
const oneCpu = ['taskset', '-c', '1'];

/**
 * Fixed amounts of work, some 0.7 s each, of two threads that take turns. The same numbers are drawn each time.
 * @param scratch - A folder on a disk.
 */
export function workloads(scratch) {
  const sysbench = (...words) => [
    ...oneCpu,
    ...['sysbench', '--threads=2', '--time=0', '--rand-seed=1', ...words],
  ];
  const files = join(scratch, 'files');
  return {
    cpu: { command: sysbench('--events=2500', 'cpu', 'run') },
    threads: { command: sysbench('--events=1200', '--thread-locks=4', 'threads', 'run') },
    fileio: {
      prepare: () => {
        mkdirSync(files);
        const words = [...fileSettings, 'fileio', 'prepare'];
        execFileSync('sysbench', words, { cwd: files, stdio: 'ignore' });
      },
      command: [
        ...['env', '-C', files],
        ...sysbench('--events=120000', ...fileSettings, '--file-test-mode=rndrw', 'fileio', 'run'),
      ],
    },
    oltp: {
      prepare: (group) => startServer(scratch, group),
      command: sysbench(...oltp(scratch), '--events=1000', 'run'),
    },
    /** Nothing, for a second: what is done all the same. */
    nothing: { command: ['sleep', '1'] },
  };
}

function oltp(scratch) {
  const socket = `--mysql-socket=${join(scratch, 'socket')}`;
  const tables = ['--mysql-user=root', '--mysql-db=test', '--tables=2', '--table-size=20000'];
  return [socket, ...tables, 'oltp_read_write'];
}

/** Starts a database server of our own; it ends with this process. */
async function startServer(scratch, group) {
  const [data, socket] = [join(scratch, 'data'), join(scratch, 'socket')];
  mkdirSync(data);
  const install = ['--user=root', `--datadir=${data}`, '--auth-root-authentication-method=normal'];
  execFileSync('mariadb-install-db', install, { stdio: 'ignore' });
  const words = ['--no-defaults', '--user=root', `--datadir=${data}`, `--socket=${socket}`];
  // No wait for the disk in each transaction: what that takes varies. What it does by itself now and then would fall into some of the works.
  const steady = [
    ...['--innodb-flush-log-at-trx-commit=2', '--innodb-log-file-size=1G'],
    '--innodb-stats-auto-recalc=0',
  ];
  const local = ['--skip-networking', `--pid-file=${join(scratch, 'pid')}`];
  const [command, ...args] = [...oneCpu, 'mariadbd', ...words, ...local, ...steady];
  const server = spawn(command, args, { stdio: 'ignore' });
  // Before its files are removed.
  process.prependListener('exit', () => server.kill('SIGKILL'));
  for (let i = 0; i < 100 && !existsSync(socket); i++) await sleep(200);
  const create = ['-u', 'root', `--socket=${socket}`, '-e', 'create database if not exists test'];
  spawnSync('mariadb', create, { stdio: 'ignore' });
  execFileSync('sysbench', [...oltp(scratch), 'prepare'], { stdio: 'ignore' });
  const warmUp = ['--threads=2', '--time=3', ...oltp(scratch), 'run'];
  execFileSync('sysbench', warmUp, { stdio: 'ignore' });
  writeFileSync(group.door, String(server.pid));
}
