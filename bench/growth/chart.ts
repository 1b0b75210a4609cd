import * as echarts from 'echarts';
import type { Subject } from './questions';
import { seenIn } from './report';
import type { Point } from './run';

const [WIDTH, HEIGHT] = [1_080, 720];
const [COLUMNS, ROWS] = [3, 2];
const COLOURS = ['#4269d0', '#efb118', '#ff725c', '#6cc5b0', '#3ca951', '#a463f2', '#9c6b4e'];

interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly dashed?: boolean;
}

interface Panel {
  readonly title: string;
  readonly x: string;
  readonly lines: readonly Line[];
}

/** All subjects as one picture, an SVG. `base`: with how many bills the viewers are compared. */
export function chartOf(points: readonly Point[], base: number): string {
  const panels: Panel[] = [
    { title: 'ms (solid p50, dashed p99), by bills', x: 'bills', lines: latencyOf(points, 'bills') },
    { title: 'ms, by page', x: 'page', lines: latencyOf(points, 'depth') },
    {
      title: `ms, by visible providers (${base.toLocaleString('en')} bills)`,
      x: 'providers',
      lines: byProviders(points, base),
    },
    { title: 'ms, by members of the group', x: 'members', lines: latencyOf(points, 'group') },
    { title: 'ms, by delegations', x: 'delegations', lines: latencyOf(points, 'delegations') },
    { title: 'buffers, by bills', x: 'bills', lines: linesOf(points, 'bills', 'buffers') },
  ];
  return draw(panels);
}

function linesOf(
  points: readonly Point[],
  subject: Subject,
  figure: 'p50' | 'p99' | 'buffers',
  dashed = false,
): Line[] {
  return seenIn(points, subject).map((sees) => ({
    name: `${sees} of 500 providers`,
    dashed,
    points: points
      .filter((point) => point.subject === subject && point.sees === sees)
      .map((point) => [point.x, point[figure]] as const),
  }));
}

const latencyOf = (points: readonly Point[], subject: Subject): Line[] => [
  ...linesOf(points, subject, 'p50'),
  ...linesOf(points, subject, 'p99', true),
];

/** A viewer of none has no place on an axis that is logarithmic, so the line begins with one. */
function byProviders(points: readonly Point[], bills: number): Line[] {
  const line = points.filter(({ subject, x, sees }) => subject === 'bills' && x === bills && sees > 0);
  return (['p50', 'p99'] as const).map((figure) => ({
    name: 'the number on the axis',
    dashed: figure === 'p99',
    points: line.map((point) => [point.sees, point[figure]] as const),
  }));
}

function draw(panels: readonly Panel[]): string {
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))];
  const place = (index: number) => ({
    left: 60 + (index % COLUMNS) * ((WIDTH - 20) / COLUMNS),
    top: 60 + Math.floor(index / COLUMNS) * ((HEIGHT - 60) / ROWS),
    width: (WIDTH - 20) / COLUMNS - 75,
    height: (HEIGHT - 60) / ROWS - 90,
  });
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#fff',
      textStyle: { fontFamily: 'sans-serif' },
      legend: { data: names, bottom: 8, icon: 'circle' },
      title: panels.map(({ title }, index) => ({
        text: title,
        left: place(index).left - 20,
        top: place(index).top - 34,
        textStyle: { fontSize: 13 },
      })),
      grid: panels.map((_, index) => place(index)),
      xAxis: panels.map(({ x }, index) => ({
        gridIndex: index,
        type: 'log',
        name: x,
        nameLocation: 'middle',
        nameGap: 26,
        axisLabel: { formatter: (value: number) => value.toLocaleString('en', { notation: 'compact' }) },
      })),
      yAxis: panels.map((_, index) => ({ gridIndex: index, type: 'value', min: 0 })),
      series: panels.flatMap(({ lines }, index) =>
        lines.map(({ name, points, dashed }) => {
          const colour = COLOURS[names.indexOf(name) % COLOURS.length] ?? '';
          return {
            type: 'line' as const,
            name,
            xAxisIndex: index,
            yAxisIndex: index,
            data: points.map((point) => [...point]),
            itemStyle: { color: colour },
            lineStyle: { color: colour, type: dashed === true ? ('dashed' as const) : ('solid' as const) },
          };
        }),
      ),
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
