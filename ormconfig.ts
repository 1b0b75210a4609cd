import path from 'node:path';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { entities } from './src/entities';

/** Migrations beside this file, in the build as in the sources; in the build the maps beside them are left out. */
const migrations = [path.join(__dirname, 'migrations', `*${path.extname(__filename)}`)];

/**
 * The database as TypeORM is told of it: the tables, the migrations, and no synchronisation ever.
 * `url` is a connection address; the pool and its limits are the caller's.
 */
export function dataSourceOptions(url: string): DataSourceOptions & { type: 'postgres' } {
  return {
    type: 'postgres',
    url,
    entities,
    migrations,
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    synchronize: false,
    logging: false,
    installExtensions: false,
    // Ids are made by gen_random_uuid(), which PostgreSQL itself has.
    uuidExtension: 'pgcrypto',
  };
}

/** For TypeORM's own command line (`typeorm migration:run -d dist/ormconfig.js`). */
export default new DataSource(dataSourceOptions(process.env.DATABASE_URL ?? ''));
