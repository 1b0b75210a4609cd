import { expect } from '@jest/globals';
import { type Config, ConfigError, readConfig } from '../../src/config';

/** The settings of a server in that environment. */
export const read = (environment: NodeJS.ProcessEnv): Config => readConfig('server', environment);

/** The message with which settings are refused. */
export function refusalOf(environment: NodeJS.ProcessEnv): string {
  try {
    read(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('the settings were taken');
}
