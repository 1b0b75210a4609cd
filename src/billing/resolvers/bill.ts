import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, ID, Info, Query, Resolver, Root } from 'type-graphql';
import { existing, reachedRef } from '../../arguments';
import { viewOfBill } from '../../audit';
import type { RequestContext } from '../../context';
import { Clinic, User } from '../../directory/types';
import { selectedBelow } from '../../look-ahead';
import { Encounter, Patient, Visit } from '../../records/types';
import { writingFor } from '../list';
import { Bill, BillItem, Payer, Payment } from '../types';

/** One bill, and what hangs on it. */
@Resolver(() => Bill)
export class BillResolver {
  @Query(() => Bill, {
    nullable: true,
    description:
      'A bill, by its id. Null where there is none that the viewer may see, whether it exists or not.',
  })
  async bill(
    @Arg('id', () => ID, { description: 'The id of a bill.' }) id: string,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Bill | null> {
    const ref = reachedRef(context, 'Bill', id);
    const writing = writingFor(selectedBelow(info));
    const { bills, writtenBills } = context.loaders;
    const bill = ref && (await (writing ? writtenBills.load({ ...ref, writing }) : bills.load(ref)));
    if (bill !== null) context.audit.viewed('bill', viewOfBill(bill));
    return bill;
  }

  @FieldResolver(() => User, { description: 'The provider whose bill it is, and who decides who sees it.' })
  async provider(@Root() bill: Bill, @Ctx() context: RequestContext): Promise<User> {
    return existing(await context.loaders.users.load({ clinicId: bill.clinicId, id: bill.providerId }));
  }

  @FieldResolver(() => Patient, { description: 'The patient who was seen.' })
  async patient(@Root() bill: Bill, @Ctx() context: RequestContext): Promise<Patient> {
    return existing(await context.loaders.patients.load({ clinicId: bill.clinicId, id: bill.patientId }));
  }

  @FieldResolver(() => Encounter, { nullable: true, description: 'The encounter that it was made in.' })
  async encounter(@Root() bill: Bill, @Ctx() context: RequestContext): Promise<Encounter | null> {
    if (bill.encounterId === null) return null;
    return context.loaders.encounters.load({ clinicId: bill.clinicId, id: bill.encounterId });
  }

  @FieldResolver(() => Visit, { nullable: true, description: 'The visit that it belongs to.' })
  async visit(@Root() bill: Bill, @Ctx() context: RequestContext): Promise<Visit | null> {
    if (bill.visitId === null) return null;
    return context.loaders.visits.load({ clinicId: bill.clinicId, id: bill.visitId });
  }

  @FieldResolver(() => Payer, { nullable: true, description: 'Who pays; null: the patient.' })
  async payer(@Root() bill: Bill, @Ctx() context: RequestContext): Promise<Payer | null> {
    if (bill.payerId === null) return null;
    return context.loaders.payers.load({ clinicId: bill.clinicId, id: bill.payerId });
  }

  @FieldResolver(() => String, { description: 'The currency of every amount of the bill, ISO 4217.' })
  async currency(@Root() bill: Bill, @Ctx() context: RequestContext): Promise<string> {
    return currencyOf(context, bill.clinicId);
  }

  @FieldResolver(() => [BillItem], { description: 'The lines of the bill.' })
  async items(@Root() bill: Bill, @Ctx() context: RequestContext): Promise<readonly BillItem[]> {
    return context.loaders.billItems.load(bill);
  }

  @FieldResolver(() => [Payment], { description: 'What was received and given back, in its order.' })
  async payments(@Root() bill: Bill, @Ctx() context: RequestContext): Promise<readonly Payment[]> {
    return context.loaders.billPayments.load(bill);
  }
}

/** The currency of a clinic's amounts. */
export async function currencyOf(context: RequestContext, clinicId: string): Promise<string> {
  const clinic: Clinic = existing(await context.loaders.clinics.load({ clinicId, id: clinicId }));
  return clinic.currency;
}
