import DataLoader from 'dataloader';
import { type DataSource, In } from 'typeorm';
import { BillEntity, BillItemEntity, PaymentEntity } from '../../src/billing/entities';
import { UserEntity } from '../../src/directory/entities';
import { PatientEntity } from '../../src/records/entities';
import { grouped, inPlace, type TotalsRow } from './shared/reader';
import { PERMITTED_PROVIDERS } from './shared/sql';

/** Reads through TypeORM's repositories: entities, found by what one has in hand, each kind in batches by a loader. */
export class NaiveReader {
  constructor(
    private readonly source: DataSource,
    readonly clinicId: string,
    private readonly viewerId: string,
  ) {}

  readonly patients = new DataLoader<string, PatientEntity | null>(async (ids) => {
    const found = await this.source
      .getRepository(PatientEntity)
      .findBy({ clinicId: this.clinicId, id: In([...ids]) });
    return inPlace(ids, found);
  });

  readonly users = new DataLoader<string, UserEntity | null>(async (ids) => {
    const found = await this.source
      .getRepository(UserEntity)
      .findBy({ clinicId: this.clinicId, id: In([...ids]) });
    return inPlace(ids, found);
  });

  readonly items = new DataLoader<string, BillItemEntity[]>(async (ids) => {
    const where = { clinicId: this.clinicId, billId: In([...ids]) };
    const found = await this.source.getRepository(BillItemEntity).find({ where, order: { line: 'ASC' } });
    return grouped(ids, found, (item) => item.billId);
  });

  readonly payments = new DataLoader<string, PaymentEntity[]>(async (ids) => {
    const where = { clinicId: this.clinicId, billId: In([...ids]) };
    const found = await this.source.getRepository(PaymentEntity).find({ where, order: { line: 'ASC' } });
    return grouped(ids, found, (payment) => payment.billId);
  });

  private readonly permitted = new DataLoader<string, boolean>(async (billIds) => {
    const rows = await this.source.query<{ id: string }[]>(
      `SELECT b.id FROM bills b WHERE b.clinic_id = $1 AND b.id = ANY ($3::uuid[])
         AND EXISTS (SELECT FROM (${PERMITTED_PROVIDERS}) permitted WHERE permitted.provider_id = b.provider_id)`,
      [this.clinicId, this.viewerId, billIds],
    );
    const permitted = new Set(rows.map((row) => row.id));
    return billIds.map((id) => permitted.has(id));
  });

  /** The rule, asked of a bill. */
  canViewBill(bill: BillEntity): Promise<boolean> {
    return this.permitted.load(bill.id);
  }

  /** The newest bills of the viewer's providers, each asked for its rule. */
  async newestBills(first: number): Promise<BillEntity[]> {
    const candidates = await this.source.getRepository(BillEntity).find({
      where: { clinicId: this.clinicId, providerId: In(await this.providerIds()) },
      order: { serviceDate: 'DESC', id: 'DESC' },
      take: first,
    });
    const permitted = await Promise.all(candidates.map((bill) => this.canViewBill(bill)));
    return candidates.filter((_, place) => permitted[place]);
  }

  async bill(id: string): Promise<BillEntity | null> {
    const bill = await this.source.getRepository(BillEntity).findOneBy({ clinicId: this.clinicId, id });
    return bill !== null && (await this.canViewBill(bill)) ? bill : null;
  }

  /** The sums over the bills of the viewer's providers; nobody loads all of them to ask each for its rule. */
  async totals(): Promise<TotalsRow> {
    const row = await this.source
      .getRepository(BillEntity)
      .createQueryBuilder('bill')
      .select('count(*)::int', 'count')
      .addSelect('coalesce(sum(bill.billed), 0.00)', 'billed')
      .addSelect('coalesce(sum(bill.outstanding), 0.00)', 'outstanding')
      .where('bill.clinicId = :clinicId AND bill.providerId = ANY (:providerIds)', {
        clinicId: this.clinicId,
        providerIds: await this.providerIds(),
      })
      .getRawOne<TotalsRow>();
    return row ?? { count: 0, billed: '0.00', outstanding: '0.00' };
  }

  private async providerIds(): Promise<string[]> {
    const rows = await this.source.query<{ provider_id: string }[]>(PERMITTED_PROVIDERS, [
      this.clinicId,
      this.viewerId,
    ]);
    return rows.map((row) => row.provider_id);
  }
}
