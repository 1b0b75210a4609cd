import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ServerUser } from '../../src/embedded/os-user';
import type { Blow } from './options';
import type { Programs } from './packages';
import { descendants, type Running, signalAll, start } from './processes';

/**
 * How fast Patroni notices, in seconds. These are the shortest that its documentation allows for ttl and loop_wait
 * (https://patroni.readthedocs.io/en/latest/dynamic_configuration.html): a primary that vanishes with its Patroni is
 * replaced when its key in etcd has expired, after ttl at the latest. retry_timeout may be as short as 3; it does not
 * make a failover faster, and 5 forgives a busy machine more. loop_wait + 2 * retry_timeout <= ttl holds.
 */
export const TIMING = { ttl: 20, loop_wait: 1, retry_timeout: 5 } as const;

export interface Passwords {
  readonly superuser: string;
  readonly replicator: string;
}

export interface NodeOptions {
  readonly name: string;
  /** The drill's folder. */
  readonly folder: string;
  readonly programs: Programs;
  readonly user: ServerUser;
  readonly etcdPort: number;
  readonly postgresPort: number;
  readonly restPort: number;
  readonly passwords: Passwords;
  readonly synchronous: boolean;
}

/** One member as Patroni tells of it. */
export interface Member {
  readonly name: string;
  readonly role: string;
  readonly state: string;
  readonly timeline?: number;
}

/** One PostgreSQL under its Patroni. */
export class PatroniNode {
  readonly name: string;
  readonly restPort: number;
  readonly postgresPort: number;
  private readonly config: string;
  private readonly dataDir: string;
  private readonly log: string;
  private running: Running | null = null;

  constructor(private readonly options: NodeOptions) {
    this.name = options.name;
    this.restPort = options.restPort;
    this.postgresPort = options.postgresPort;
    this.config = path.join(options.folder, `${options.name}.yml`);
    this.dataDir = path.join(options.folder, options.name);
    this.log = path.join(options.folder, `${options.name}.log`);
  }

  async start(): Promise<void> {
    // JSON is YAML.
    await writeFile(this.config, JSON.stringify(configOf(this.options, this.dataDir), null, 2), {
      mode: 0o644,
    });
    this.running = start({
      name: this.name,
      command: this.options.programs.patroni,
      args: [this.config],
      log: this.log,
      user: this.options.user,
    });
  }

  /** Whether Patroni has ended by itself. */
  ended(): boolean {
    return this.running?.ended() ?? true;
  }

  /** What Patroni at this node knows of all members. Raises when it does not answer. */
  async members(): Promise<Member[]> {
    const response = await fetch(`http://127.0.0.1:${this.restPort}/cluster`, {
      signal: AbortSignal.timeout(2_000),
    });
    return ((await response.json()) as { members: Member[] }).members;
  }

  /** Strikes PostgreSQL with all that it forked and, but for PostgreSQL alone, Patroni before it can react. */
  async strike(blow: Blow): Promise<void> {
    const signal = blow === 'hang' ? 'SIGSTOP' : 'SIGKILL';
    signalAll(await this.pids(blow !== 'postgres'), signal);
  }

  /** Brings back what was struck: starts it again, or lets it go on. PostgreSQL alone is brought back by Patroni. */
  async revive(blow: Blow): Promise<void> {
    if (blow === 'node') await this.start();
    if (blow === 'hang') signalAll(await this.pids(true), 'SIGCONT');
  }

  /** Stops the process that sends the other node what is written here. */
  async stopSending(): Promise<void> {
    const senders: number[] = [];
    for (const pid of await this.pids(false)) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (command.includes('walsender')) senders.push(pid);
    }
    signalAll(senders, 'SIGSTOP');
  }

  private async pids(withPatroni: boolean): Promise<number[]> {
    const postmaster = await this.postmaster();
    const postgres = postmaster === null ? [] : [postmaster, ...(await descendants(postmaster))];
    return [...(withPatroni && this.running !== null ? [this.running.pid] : []), ...postgres];
  }

  /** Stops Patroni, which stops PostgreSQL; whatever is left of it is ended by force. */
  async stop(): Promise<void> {
    // What hangs could not.
    signalAll(await this.pids(true), 'SIGCONT');
    await this.running?.stop(20_000);
    signalAll(await this.pids(false), 'SIGKILL');
  }

  /** How much Patroni has logged so far, to read what it logs from here on. */
  async logLength(): Promise<number> {
    return (await readFile(this.log, 'utf8').catch(() => '')).length;
  }

  async logSince(length: number): Promise<string> {
    return (await readFile(this.log, 'utf8').catch(() => '')).slice(length);
  }

  /** The process id of the running PostgreSQL of this data folder; null: none runs. */
  private async postmaster(): Promise<number | null> {
    const text = await readFile(path.join(this.dataDir, 'postmaster.pid'), 'utf8').catch(() => '');
    const pid = Number(text.split('\n')[0]);
    if (!(pid > 0)) return null;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return command.includes(this.dataDir) ? pid : null;
  }
}

function configOf(options: NodeOptions, dataDir: string) {
  const { name, passwords } = options;
  const here = (port: number): string => `127.0.0.1:${port}`;
  return {
    scope: 'drill',
    name,
    restapi: { listen: here(options.restPort), connect_address: here(options.restPort) },
    etcd3: { hosts: [here(options.etcdPort)] },
    bootstrap: {
      dcs: {
        ...TIMING,
        maximum_lag_on_failover: 1_048_576,
        // A commit is acknowledged when the other node has it too. Not strict: with two nodes, strict would mean that
        // nothing can be saved while one is away. Patroni promotes only a node that was in sync, so that what was
        // acknowledged meanwhile waits for the node that has it.
        synchronous_mode: options.synchronous,
        synchronous_mode_strict: false,
        // When PostgreSQL alone has died: let the other node take over rather than wait for a restart here.
        primary_start_timeout: 0,
        postgresql: {
          use_pg_rewind: true,
          use_slots: true,
          remove_data_directory_on_rewind_failure: true,
          remove_data_directory_on_diverged_timelines: true,
          parameters: {
            wal_level: 'replica',
            hot_standby: 'on',
            max_connections: 100,
            max_wal_senders: 5,
            max_replication_slots: 5,
            wal_keep_size: '256MB',
            synchronous_commit: 'on',
            shared_buffers: '64MB',
            timezone: 'UTC',
            log_timezone: 'UTC',
            log_min_error_statement: 'panic',
            log_error_verbosity: 'terse',
          },
        },
      },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C.UTF-8' }, 'data-checksums'],
    },
    postgresql: {
      listen: here(options.postgresPort),
      connect_address: here(options.postgresPort),
      data_dir: dataDir,
      bin_dir: options.programs.postgresBin,
      pgpass: path.join(options.folder, `${name}.pgpass`),
      authentication: {
        superuser: { username: 'postgres', password: passwords.superuser },
        replication: { username: 'replicator', password: passwords.replicator },
        rewind: { username: 'postgres', password: passwords.superuser },
      },
      pg_hba: [
        'host all all 127.0.0.1/32 scram-sha-256',
        'host replication replicator 127.0.0.1/32 scram-sha-256',
      ],
      parameters: { unix_socket_directories: options.folder },
    },
    watchdog: { mode: 'off' },
  };
}
