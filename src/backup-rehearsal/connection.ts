/** Parameters of an address that libpq takes from its environment. */
const PARAMETERS: Readonly<Record<string, string>> = {
  host: 'PGHOST',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslnegotiation: 'PGSSLNEGOTIATION',
  options: 'PGOPTIONS',
};

/**
 * What PostgreSQL's programs need of the environment to connect to an address: there nobody sees the password, as
 * everybody would among the arguments of a process.
 */
export function libpqEnvironment(address: string, searchPath: string): NodeJS.ProcessEnv {
  const url = new URL(address);
  const environment: NodeJS.ProcessEnv = { PATH: searchPath, LC_ALL: 'C', PGCONNECT_TIMEOUT: '10' };
  const set = (name: string, value: string): void => {
    if (value !== '') environment[name] = value;
  };
  set('PGHOST', url.hostname.replace(/^\[(.*)\]$/, '$1'));
  set('PGPORT', url.port);
  set('PGUSER', decodeURIComponent(url.username));
  set('PGPASSWORD', decodeURIComponent(url.password));
  set('PGDATABASE', decodeURIComponent(url.pathname.slice(1)));
  for (const [name, variable] of Object.entries(PARAMETERS)) set(variable, url.searchParams.get(name) ?? '');
  return environment;
}
