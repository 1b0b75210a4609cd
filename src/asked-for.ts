/** Where a command writes to. */
interface Output {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/**
 * What a command's arguments ask for; or, where there is nothing to do, the exit code to end with: 0 after the help, 2
 * where `read` raised, of which the person is told by `textOf` and the help.
 */
export function askedFor<Wanted extends object>(
  read: () => Wanted | 'help',
  help: string,
  { stdout, stderr }: Output,
  textOf: (error: unknown) => string,
): Wanted | number {
  let wanted: Wanted | 'help';
  try {
    wanted = read();
  } catch (error) {
    stderr.write(`${textOf(error)}\n\n${help}`);
    return 2;
  }
  if (wanted !== 'help') return wanted;
  stdout.write(help);
  return 0;
}
