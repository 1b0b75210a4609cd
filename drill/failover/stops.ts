/** What must be stopped again, the last first; once, however often it is asked for. */
export class Stops {
  private readonly all: (() => Promise<unknown>)[] = [];
  private stopping: Promise<void> | null = null;

  add(stop: () => Promise<unknown>): void {
    this.all.push(stop);
  }

  run(): Promise<void> {
    this.stopping ??= this.stopAll();
    return this.stopping;
  }

  private async stopAll(): Promise<void> {
    for (let stop = this.all.pop(); stop !== undefined; stop = this.all.pop()) {
      // One that fails must not keep the others running.
      await stop().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
    }
  }
}
