import { readdir, readFile } from 'node:fs/promises';
import type pg from 'pg';

/** What a kernel tick is, in milliseconds: 100 a second on every Linux that Node runs on. */
const TICK = 10;

/** The numbers of /proc/<pid>/stat behind the name: [0] is the state. Null: no such process, or no /proc. */
async function statOf(pid: number): Promise<string[] | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? null;
}

const ticks = (stat: readonly string[], ...fields: number[]): number =>
  fields.reduce((sum, field) => sum + Number(stat[field] ?? 0), 0) * TICK;

/** Processor time that a process has used, user and system, in milliseconds. NaN where there is no /proc. */
export async function cpuOf(pid: number): Promise<number> {
  const stat = await statOf(pid);
  return stat === null ? Number.NaN : ticks(stat, 11, 12);
}

/** Memory that a process has in RAM (VmRSS), in mebibytes. NaN where there is no /proc. */
export async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** The process that all sessions of a PostgreSQL on this machine are children of; null where that cannot be told. */
export async function postmasterOf(client: pg.ClientBase): Promise<number | null> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const stat = await statOf(rows[0]?.pid ?? 0);
  return stat === null ? null : Number(stat[1]);
}

/** Processor time of a PostgreSQL: its first process, every child, and those children that have ended. NaN: unknown. */
export async function cpuOfPostgres(postmaster: number | null): Promise<number> {
  const own = postmaster === null ? null : await statOf(postmaster);
  if (own === null) return Number.NaN;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const children = await Promise.all(
    pids.map(async (pid) => {
      const stat = await statOf(Number(pid));
      return stat !== null && Number(stat[1]) === postmaster ? ticks(stat, 11, 12) : 0;
    }),
  );
  return children.reduce((sum, one) => sum + one, ticks(own, 11, 12, 13, 14));
}
