/** What must be stopped again, the last first. */
export class Running {
  private readonly stops: (() => Promise<unknown>)[] = [];
  private ending: Promise<void> | null = null;

  onStop(stop: () => Promise<unknown>): void {
    this.stops.push(stop);
  }

  /** Whether somebody has told it to stop. */
  get stopping(): boolean {
    return this.ending !== null;
  }

  /** Stops everything, once; further calls wait for the same stop. */
  stop(): Promise<void> {
    this.ending ??= this.end();
    return this.ending;
  }

  private async end(): Promise<void> {
    for (let stop = this.stops.pop(); stop !== undefined; stop = this.stops.pop()) await stop();
  }
}
