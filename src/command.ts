import { type Config, ConfigError, readConfig } from './config';
import { failureText } from './failure-text';

/** What a command is run with. */
export interface Host {
  readonly settings: Config;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted by the first Ctrl-C or SIGTERM; the second one ends the process at once. */
  readonly signal: AbortSignal;
}

/** Runs a command as this process; what it answers is the exit code, 1 where the settings cannot be used. */
export async function runAsProcess(
  command: (args: readonly string[], host: Host) => Promise<number>,
): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  const { stdout, stderr } = process;
  try {
    const host = { settings: readConfig('tool'), stdout, stderr, signal: stop.signal };
    process.exitCode = await command(process.argv.slice(2), host);
  } catch (error) {
    stderr.write(`${failureText(error, [ConfigError])}\n`);
    process.exitCode = 1;
  }
}
