import { describe, expect, test } from 'vitest';
import { needs, openSession, run, trackerNamed } from './support.ts';

const ms = 1e6;
const tracker = trackerNamed('net_rx', { alert: { threshold: 0, rate: '1000000/s' } });

/** A program that tells its own name: `python3` may be a script that looks for another. */
const named = (comm: string, program: string): string =>
  `open('/proc/self/comm', 'w').write('${comm}')\n${program}`;

/** A datagram to itself, which waits in its socket. Newer kernels copy a small one without an event for it. */
const waitingDatagram = `
import socket, time
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(('127.0.0.1', 0))
one.sendto(b'x' * 20000, one.getsockname())
time.sleep(0.15)
one.recv(20000)
`;

/**
 * Acknowledgements of TCP, whose end no event tells, then as many messages through a Unix socket, which get the same addresses.
 * Between them half a second: a pair of the one and the other is as long.
 */
const reusedAddresses = `
import socket, time
server = socket.create_server(('127.0.0.1', 0))
client = socket.create_connection(server.getsockname())
peer, _ = server.accept()
client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for _ in range(2000):
    client.send(b'x')
    peer.recv(1)
time.sleep(0.5)
left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
left.setblocking(False)
for _ in range(500):
    count = 0
    try:
        while True:
            left.send(b'x')
            count += 1
    except BlockingIOError:
        pass
    for _ in range(count):
        right.recv(1)
`;

const [isPossible, title] = needs('received packets', 'python3');

describe.runIf(isPossible)(title, () => {
  test('how long a packet waits for its reader', async () => {
    const { session, alerts } = await openSession([tracker]);
    await run('python3', '-c', named('sondepacket', waitingDatagram));
    session.poll();
    const own = alerts.filter(({ comm, outId }) => comm === 'sondepacket' && outId === 0);
    expect(own.length).toBe(1);
    expect(own[0]!.delayNs).toBeGreaterThan(150 * ms);
    // With the headers of IP and UDP.
    expect(own[0]!.info).toMatchObject({ iface: 'lo', len: 20_028 });
  });

  test('a message that came through no device is not the end of a packet that had its address', async () => {
    const { session, alerts } = await openSession([tracker]);
    await run('python3', '-c', named('sondereuse', reusedAddresses));
    session.poll();
    const own = alerts.filter(({ comm }) => comm === 'sondereuse');
    expect(own.length).toBeGreaterThanOrEqual(2000);
    expect(own.filter(({ delayNs }) => delayNs > 400 * ms)).toEqual([]);
  });
});
