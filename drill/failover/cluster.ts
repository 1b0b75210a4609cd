import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chooseServerUser, type ServerUser } from '../../src/embedded/os-user';
import type { DrillOptions } from './options';
import type { Programs } from './packages';
import { PatroniNode } from './patroni';
import { freePorts, type Running, start, until } from './processes';
import { DrillError } from './say';
import type { Stops } from './stops';

/** How HAProxy asks Patroni who the primary is, in milliseconds, and how often it must have heard it. */
export const CHECKS = { inter: 500, fall: 2, rise: 1 } as const;

/** Two PostgreSQL nodes under Patroni, an etcd, and an HAProxy whose one address is always the primary. */
export class DrillCluster {
  private constructor(
    readonly folder: string,
    readonly nodes: readonly PatroniNode[],
    private readonly synchronous: boolean,
    private readonly superuserPassword: string,
    private readonly port: number,
  ) {}

  /**
   * Sets everything up in a folder of its own, and waits until the second node is in sync. What must be stopped again is
   * added to `stops` as it starts. Raises DrillError.
   */
  static async start(
    programs: Programs,
    stops: Stops,
    options: Pick<DrillOptions, 'keep' | 'control'>,
    signal: AbortSignal,
  ): Promise<DrillCluster> {
    const user = await chooseServerUser();
    const folder = await mkdtemp(path.join(tmpdir(), 'billing-failover-'));
    if (!options.keep) stops.add(() => rm(folder, { recursive: true, force: true }));
    // PostgreSQL's account must be able to enter.
    await chmod(folder, 0o755);
    if (user !== null) await chown(folder, user.uid, user.gid);
    const ports = await freePorts(7);
    const [etcdPort = 0, peerPort = 0, restA = 0, restB = 0, postgresA = 0, postgresB = 0, port = 0] = ports;
    const synchronous = !options.control;
    const passwords = { superuser: secret(), replicator: secret() };
    const etcd = await startEtcd(programs, folder, user, etcdPort, peerPort);
    stops.add(() => etcd.stop(5_000));
    await untilEtcdAnswers(etcdPort, folder, signal);
    const nodes = [
      { name: 'node-a', restPort: restA, postgresPort: postgresA },
      { name: 'node-b', restPort: restB, postgresPort: postgresB },
    ].map((one) => new PatroniNode({ ...one, folder, programs, user, etcdPort, passwords, synchronous }));
    const haproxy = await startHaproxy(programs, folder, user, port, nodes);
    stops.add(() => haproxy.stop(5_000));
    // Together: each of them would wait for the other.
    stops.add(() => Promise.all(nodes.map((node) => node.stop())));
    for (const node of nodes) await node.start();
    const cluster = new DrillCluster(folder, nodes, synchronous, passwords.superuser, port);
    await cluster.untilInSync(120, signal);
    return cluster;
  }

  /** The address of whichever node is the primary, through HAProxy. */
  url(database: string, user = 'postgres', password = this.superuserPassword): string {
    return `postgres://${user}:${password}@127.0.0.1:${this.port}/${database}`;
  }

  /** The primary now. Raises DrillError when there is none. */
  async primary(): Promise<PatroniNode> {
    for (const node of this.nodes) {
      const members = await node.members().catch(() => []);
      const leader = members.find((member) => member.role === 'leader' && member.state === 'running');
      const found = this.nodes.find((one) => one.name === leader?.name);
      if (found !== undefined) return found;
    }
    throw new DrillError('No node is the primary.');
  }

  /** Waits until there is a primary, and the other node is a (synchronous) standby of it. Raises DrillError. */
  untilInSync(seconds: number, signal: AbortSignal): Promise<void> {
    const role = this.synchronous ? 'sync_standby' : 'replica';
    return until(
      `a primary and a ${role} (logs in ${this.folder})`,
      seconds,
      async () => {
        const members = await (await this.primary()).members();
        const [leader, standby] = ['leader', role].map((one) =>
          members.find((member) => member.role === one),
        );
        return (
          ['running', 'streaming'].includes(standby?.state ?? '') &&
          standby?.timeline === leader?.timeline &&
          members.length === this.nodes.length
        );
      },
      signal,
    );
  }
}

const secret = (): string => randomBytes(24).toString('hex');

async function startEtcd(
  programs: Programs,
  folder: string,
  user: ServerUser,
  port: number,
  peerPort: number,
): Promise<Running> {
  const data = path.join(folder, 'etcd');
  await mkdir(data, { mode: 0o700 });
  if (user !== null) await chown(data, user.uid, user.gid);
  const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
  return start({
    name: 'etcd',
    command: programs.etcd,
    args: [
      ...['--name', 'drill', '--data-dir', data],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--initial-cluster', `drill=${peer}`],
    ],
    log: path.join(folder, 'etcd.log'),
    user,
  });
}

function untilEtcdAnswers(port: number, folder: string, signal: AbortSignal): Promise<void> {
  return until(
    `etcd answers (log in ${folder})`,
    30,
    async () => {
      const response = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(1_000) });
      return ((await response.json()) as { health: string }).health === 'true';
    },
    signal,
  );
}

async function startHaproxy(
  programs: Programs,
  folder: string,
  user: ServerUser,
  port: number,
  nodes: readonly PatroniNode[],
): Promise<Running> {
  const config = path.join(folder, 'haproxy.cfg');
  const { inter, fall, rise } = CHECKS;
  // A connection to a node that is no longer the primary is cut: on it nobody would learn that it is not.
  const text = `global
  maxconn 500
defaults
  mode tcp
  retries 1
  timeout connect 2s
  timeout check 2s
  timeout client 30m
  timeout server 30m
  option clitcpka
  option srvtcpka
listen primary
  bind 127.0.0.1:${port}
  option httpchk OPTIONS /primary
  http-check expect status 200
  default-server inter ${inter}ms fall ${fall} rise ${rise} on-marked-down shutdown-sessions
${nodes.map((node) => `  server ${node.name} 127.0.0.1:${node.postgresPort} check port ${node.restPort}`).join('\n')}
`;
  await writeFile(config, text, { mode: 0o644 });
  return start({
    name: 'haproxy',
    command: programs.haproxy,
    args: ['-db', '-f', config],
    log: path.join(folder, 'haproxy.log'),
    user,
  });
}
