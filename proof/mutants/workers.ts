import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import type { Job, Setup, Verdict } from './job';

/** A mutant that takes longer than this, in milliseconds, hangs: that is seen too. */
const PATIENCE_MS = 60_000;

/** After so many mutants a worker is made anew: modules that are loaded again and again are never freed. */
const JOBS_A_WORKER = 150;

/** One process at a time that tries mutants. */
export class Worker {
  private child: ChildProcess | undefined;
  private jobs = 0;

  constructor(private readonly setup: Setup) {}

  /** Tries one; not before the last has been answered. */
  async attempt(job: Job): Promise<Verdict> {
    if (this.jobs >= JOBS_A_WORKER) this.stop();
    const child = this.child ?? this.start();
    this.jobs += 1;
    return new Promise((resolve) => {
      const end = (verdict: Verdict): void => {
        clearTimeout(timer);
        child.removeAllListeners();
        resolve(verdict);
      };
      const lost = (why: string): void => {
        this.stop();
        end({ is: 'killed', by: 'the process that tried it', why });
      };
      const timer = setTimeout(() => lost('it hangs'), PATIENCE_MS);
      child.once('message', (verdict) => end(verdict as Verdict));
      child.once('exit', (code, signal) => lost(`it ended the process: ${signal ?? code}`));
      child.once('error', (error) => lost(error.message));
      child.send(job);
    });
  }

  stop(): void {
    this.child?.removeAllListeners();
    this.child?.kill('SIGKILL');
    this.child = undefined;
    this.jobs = 0;
  }

  private start(): ChildProcess {
    const child = fork(path.join(__dirname, 'worker.js'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.send(this.setup);
    this.child = child;
    return child;
  }
}
