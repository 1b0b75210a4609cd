import { init } from 'echarts';

/** Bars in groups. */
export interface BarChart {
  readonly title: string;
  readonly subtitle: string;
  /** What the height of a bar is. */
  readonly unit: string;
  readonly groups: readonly string[];
  /** One value for each group; null: no bar. */
  readonly series: readonly {
    readonly name: string;
    readonly values: readonly (number | null)[];
    readonly color?: string;
  }[];
  /** A line across, at this height. */
  readonly line?: number;
}

/** A bar chart as the text of an SVG file. */
export function barChart({ title, subtitle, unit, groups, series, line }: BarChart): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 1100, height: 520 });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#ffffff',
      title: { text: title, subtext: subtitle, left: 'center' },
      legend: { bottom: 10 },
      grid: { top: 80, bottom: 90, left: 60, right: 30 },
      xAxis: { type: 'category', data: [...groups] },
      yAxis: { type: 'value', name: unit },
      series: series.map(({ name, values, color }, index) => ({
        type: 'bar',
        name,
        data: values.map((value) => value ?? '-'),
        ...(color === undefined ? {} : { itemStyle: { color } }),
        ...(index === 0 && line !== undefined
          ? {
              markLine: {
                silent: true,
                symbol: 'none',
                label: { show: false },
                data: [{ yAxis: line }],
              },
            }
          : {}),
      })),
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
