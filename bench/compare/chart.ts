import { barChart } from '../lib/chart';
import { USUAL_VIEWER } from './make-works';
import { LIMIT } from './report';
import { type Results, rateIn } from './results';

const OURS = '#d84315';
const OTHERS = ['#37474f', '#607d8b', '#78909c', '#90a4ae', '#b0bec5', '#cfd8dc'];

/** Requests per second over those of the limit, as an SVG: the limit's works, and those who have its viewer. */
export function chartOf(results: Results): string {
  const rate = rateIn(results.works);
  const works = results.works.filter(({ work }) => rate(work, LIMIT) !== null);
  const shown = results.contestants.filter(({ name, viewer }) => name !== LIMIT && viewer === USUAL_VIEWER);
  const others = shown.filter(({ name }) => name !== 'ours');
  return barChart({
    title: 'Requests per second, as a ratio to the limit',
    subtitle: `${results.size.bills.toLocaleString('en')} bills, ${results.machine.cores} cores, ${results.date.slice(0, 10)}. The limit: one prepared statement that returns the JSON.`,
    unit: 'ratio',
    groups: works.map(({ work }) => work),
    line: 1,
    series: shown.map((contestant) => ({
      name: contestant.name,
      color: contestant.name === 'ours' ? OURS : (OTHERS[others.indexOf(contestant) % OTHERS.length] ?? OURS),
      values: works.map(({ work }) => {
        const own = rate(work, contestant.name);
        return own === null ? null : own / (rate(work, LIMIT) ?? Number.NaN);
      }),
    })),
  });
}
