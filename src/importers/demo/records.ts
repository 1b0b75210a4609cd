import type { ClinicWriter } from '../writer';
import { makeBill } from './bill';
import type { ClinicPlan } from './cast';
import type { Practice } from './catalogue';
import { minutesAfterOpening, workingDays } from './days';
import { clinicId, userId } from './directory';
import { demoId } from './ids';
import { decimalText } from './money';
import { patientNames } from './names';
import { Random } from './random';
import type { BillKind } from './settlement';

interface Provider {
  id: string;
  practice: Practice;
  billingNumber: string;
  /** How many bills this provider has so far: a bill's number counts its provider's bills only. */
  bills: number;
}

interface Patient {
  id: string;
  child: boolean;
}

/** What a bill is for. */
interface Occasion {
  patient: Patient;
  date: string;
  encounterId: string | null;
  visitId: string | null;
}

/** Makes a clinic's patients, visits, encounters and bills from its seed, in order of time, and writes them. */
export class RecordMaker {
  private readonly clinicId: string;
  private readonly random: Random;
  private readonly providers: readonly Provider[];
  private readonly payerIds: readonly string[];
  private patients: readonly Patient[] = [];

  constructor(
    private readonly writer: ClinicWriter,
    private readonly plan: ClinicPlan,
  ) {
    this.clinicId = clinicId(plan);
    this.random = new Random(plan.seed);
    this.providers = plan.people.flatMap(({ key, practice, billingNumber }) =>
      practice && billingNumber ? [{ id: userId(plan, key), practice, billingNumber, bills: 0 }] : [],
    );
    this.payerIds = plan.payers.map((name) => this.id('payer', name));
  }

  /** Writes everything; the writer's buffer may still hold the last rows. */
  async write(): Promise<void> {
    for (const [index, name] of this.plan.payers.entries()) {
      await this.writer.add('payers', { clinic_id: this.clinicId, id: this.payerIds[index] ?? null, name });
    }
    await this.writePatients();
    const days = workingDays();
    for (let visit = 0; visit < this.plan.visits; visit += 1) {
      const date = days[Math.trunc((visit * days.length) / this.plan.visits)];
      if (date !== undefined) await this.writeVisit(visit, date);
    }
  }

  private id(...path: (string | number)[]): string {
    return demoId(this.plan.name, ...path);
  }

  private async writePatients(): Promise<void> {
    const made: Patient[] = [];
    for (const [index, name] of patientNames(this.plan.patients, this.random).entries()) {
      const child = this.random.chance(22);
      const year = child ? this.random.between(2009, 2023) : this.random.between(1931, 2005);
      const month = String(this.random.between(1, 12)).padStart(2, '0');
      const day = String(this.random.between(1, 28)).padStart(2, '0');
      const id = this.id('patient', index);
      made.push({ id, child });
      await this.writer.add('patients', {
        clinic_id: this.clinicId,
        id,
        name,
        birth_date: `${year}-${month}-${day}`,
      });
    }
    this.patients = made;
  }

  /** A patient comes and is seen once or twice, by one provider or two; each bills what they did. */
  private async writeVisit(number: number, date: string): Promise<void> {
    const { random } = this;
    const first = random.pick(this.providers);
    const patient = random.pick(this.patients.filter(({ child }) => child || !first.practice.childrenOnly));
    const reason = random.pick(first.practice.reasons);
    const minutes = random.between(0, 95) * 5;
    // A telephone call is an encounter without a visit.
    const visitId = random.chance(4) ? null : this.id('visit', number);
    if (visitId !== null) {
      await this.writer.add('visits', {
        clinic_id: this.clinicId,
        id: visitId,
        patient_id: patient.id,
        started_at: minutesAfterOpening(date, minutes),
        reason,
      });
    }
    const others = this.providers.filter(
      (each) => each !== first && (patient.child || !each.practice.childrenOnly),
    );
    const second = visitId !== null && random.chance(28) ? random.pick([first, ...others]) : null;
    const seen = second === null ? [first] : [first, second];
    for (const [turn, provider] of seen.entries()) {
      const encounterId = this.id('encounter', number, turn);
      const occasion = { patient, date, encounterId, visitId };
      await this.writeEncounter(occasion, provider, minutes + 5 + turn * 35, turn === 0 ? reason : null);
      await this.writeEncounterBills(occasion, provider, second !== null && second !== first);
      // An assistant or supervisor may bill for the same encounter.
      if (random.chance(4)) await this.writeBill('INSURED', random.pick(others), occasion);
    }
    // Invoices for the visit as a whole, and for forms that need no visit at all.
    if (random.chance(2))
      await this.writeBill('PRIVATE', first, { patient, date, encounterId: null, visitId });
    if (random.chance(2)) {
      await this.writeBill('PRIVATE', first, { patient, date, encounterId: null, visitId: null });
    }
  }

  private async writeEncounter(
    { patient, date, encounterId, visitId }: Occasion,
    provider: Provider,
    minutes: number,
    reason: string | null,
  ): Promise<void> {
    await this.writer.add('encounters', {
      clinic_id: this.clinicId,
      id: encounterId,
      patient_id: patient.id,
      provider_id: provider.id,
      visit_id: visitId,
      started_at: minutesAfterOpening(date, minutes),
      ended_at: minutesAfterOpening(date, minutes + this.random.between(2, 6) * 5),
      reason: reason ?? this.random.pick(provider.practice.reasons),
    });
  }

  /** Where two providers share a visit, both kinds of bill are the rule; otherwise mostly one, now and then none. */
  private async writeEncounterBills(occasion: Occasion, provider: Provider, shared: boolean): Promise<void> {
    const kinds = this.random.weighted<readonly BillKind[]>([
      [[], 3],
      [['INSURED'], shared ? 15 : 55],
      [['PRIVATE'], shared ? 15 : 25],
      [['INSURED', 'PRIVATE'], shared ? 67 : 17],
    ]);
    for (const kind of kinds) await this.writeBill(kind, provider, occasion);
  }

  private pickPayer(kind: BillKind, practice: Practice): string | null {
    const [publicPlan, ...others] = this.payerIds;
    // Most invoices go to the patient, some to an employer's insurer.
    if (kind === 'PRIVATE') return this.random.chance(25) ? this.random.pick(others) : null;
    return publicPlan !== undefined && this.random.chance(practice.publicPercent)
      ? publicPlan
      : this.random.pick(others);
  }

  private async writeBill(kind: BillKind, provider: Provider, occasion: Occasion): Promise<void> {
    provider.bills += 1;
    const number = `${provider.billingNumber}-${String(provider.bills).padStart(6, '0')}`;
    const bill = makeBill(kind, provider.practice, occasion.date, this.random);
    const bill_id = this.id('bill', number);
    await this.writer.add('bills', {
      clinic_id: this.clinicId,
      id: bill_id,
      kind,
      number,
      status: bill.status,
      service_date: occasion.date,
      provider_id: provider.id,
      patient_id: occasion.patient.id,
      encounter_id: occasion.encounterId,
      visit_id: occasion.visitId,
      payer_id: this.pickPayer(kind, provider.practice),
      billed: decimalText(bill.billed),
      discount: decimalText(bill.discount),
      paid: decimalText(bill.paid),
      refunded: decimalText(bill.refunded),
      outstanding: decimalText(bill.outstanding),
      note: bill.note,
    });
    for (const [index, item] of bill.items.entries()) {
      await this.writer.add('bill_items', {
        clinic_id: this.clinicId,
        bill_id,
        provider_id: provider.id,
        line: index + 1,
        service_code: item.code,
        description: item.description,
        diagnosis_codes: item.diagnosisCodes,
        units: item.units,
        unit_price: item.unitPrice,
        amount: decimalText(item.cents),
      });
    }
    for (const [index, payment] of bill.payments.entries()) {
      await this.writer.add('payments', {
        clinic_id: this.clinicId,
        bill_id,
        provider_id: provider.id,
        line: index + 1,
        kind: payment.kind,
        amount: decimalText(payment.cents),
        received_on: payment.receivedOn,
        method: payment.method,
      });
    }
  }
}
