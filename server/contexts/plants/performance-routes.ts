import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Edges } from '#platform/http/edge.ts'
import { Day, Nullable, OneOf, Shape, Timestamp, WithId } from '#platform/http/shapes.ts'
import { readPerformance, type PlantSeries } from './read-performance.ts'
import { stoppageCategories } from './stoppages/stoppage-category.ts'

const Figure = (description: string) => Nullable(Type.Number({ description }))

const Hours = (description: string) => Type.Number({ description: `${description}, hours` })
const lossFigures = {
  availability: Figure(
    'Technical: of the time that could be judged, the share without standstill; nothing is left out',
  ),
  availability_contract: Figure('Without the standstills of categories that contracts leave out; see exclusions'),
  availability_energy: Figure('E / (E + lost energy)'),
  lost_energy_kwh: Figure('Expected and not given, in outages and under limits; photovoltaic plants only'),
  lost_revenue: Figure('What the lost energy would have been paid, as far as it has a price'),
  unread_energy_kwh: Figure('Probably produced while nothing credible was read: missing, never lost'),
  completeness_availability: Figure('Share of the time, 0 to 1, on whose state there is a verdict'),
  completeness_lost_energy: Figure('Share of the time of losses, 0 to 1, whose loss could be said'),
  completeness_lost_revenue: Figure('Share of the lost energy, 0 to 1, that has a price'),
  hours: Type.Object(
    {
      available: Hours('Produced in enough sun'),
      outage: Hours('Stood still in enough sun'),
      communication_loss: Hours('Nothing credible was read'),
      unknown: Hours('It cannot be said'),
      below_threshold: Hours('Too little sun to judge'),
    },
    { title: 'PlantStateHours' },
  ),
  causes: Type.Array(
    Type.Object(
      {
        cause: OneOf<string[]>(['undeclared', ...stoppageCategories]),
        excluded_from_contract: Type.Boolean(),
        outage_h: Hours('Stood still'),
        curtailed_h: Hours('Produced under a declared limit'),
        lost_energy_kwh: Figure('Lost to it'),
        lost_revenue: Figure('Of that, as far as it has a price'),
      },
      { title: 'LossCause' },
    ),
  ),
  exclusions: Type.Array(Type.Object({ category: Type.String(), outage_h: Hours('Left out') }), {
    description: 'What availability_contract leaves out',
  }),
}

const PerformanceStep = Type.Object(
  {
    from: Timestamp,
    to: Timestamp,
    energy_kwh: Figure(
      'Of the counter or of power, see energy_from; of power it is net: consumption at night is negative',
    ),
    energy_from: Nullable(OneOf(['counter', 'power', 'power_and_counter'])),
    energy_counter_kwh: Figure('What the counter of energy rose by, times the constant K of its meter'),
    energy_power_kwh: Figure('Mean power times time, net'),
    energy_difference_kwh: Figure('Counter less power, of time that both know'),
    specific_yield: Figure('kWh per kW of nominal power'),
    irradiation_kwh_m2: Figure('In the plane of the array, of the time that has energy too'),
    performance_ratio: Figure('Ratio of sums (IEC 61724-1); photovoltaic plants only'),
    performance_ratio_stc: Figure('Corrected to a module temperature of 25 °C'),
    capacity_factor: Figure('Of the nominal power, over the time with energy'),
    ...lossFigures,
    completeness: Figure('Share of the time, 0 to 1, with valid energy'),
    completeness_counter: Figure('Share of the time, 0 to 1, of which the counter’s energy is known'),
    completeness_power: Figure('Share of the time, 0 to 1, with valid power'),
    completeness_difference: Figure('Share of the time, 0 to 1, on which the difference stands'),
    completeness_ratio: Figure('Share of the time, 0 to 1, on which the ratio stands'),
    completeness_stc: Figure('Share of the time, 0 to 1, on which the corrected ratio stands'),
    excluded: Type.Record(Type.String(), Type.Integer(), { description: 'Intervals left out, by reason' }),
  },
  { title: 'PerformanceStep' },
)

const CounterInputs = Type.Object(
  {
    meters: Type.Array(
      Type.Object({
        serial: Nullable(Type.String()),
        constant_k: Figure('kWh per unit of the counter'),
        register_digits: Nullable(Type.Integer({ description: 'Whole digits of the counter' })),
        mounted_at: Nullable(Timestamp),
        removed_at: Nullable(Timestamp),
      }),
    ),
    roll_overs: Type.Integer({ description: 'Times the counter ran through its digits in the period' }),
    resets: Type.Integer({ description: 'Times it went back otherwise; what it had counted is left out' }),
    exchanges: Type.Integer({ description: 'Exchanges of the meter of which it is not said what the counters showed' }),
    plausible_power: Type.Number({ description: 'Times the nominal power: a rise beyond it is no energy' }),
  },
  { title: 'CounterInputs' },
)

const PerformanceReport = Type.Object(
  {
    items: Type.Array(PerformanceStep),
    totals: PerformanceStep,
    currency: Type.String({ description: 'Of lost_revenue', examples: ['EUR'] }),
    formula: Type.Object({
      version: Type.String({ examples: ['pr-3'] }),
      source: Type.String(),
      definitions: Type.Record(Type.String(), Type.String()),
      conventions: Type.String(),
      inputs: Type.Object({
        p0_kw: Figure('Power that yield and ratio refer to'),
        p0_from: Nullable(Type.String({ description: 'The field that it was taken from' })),
        gamma_per_c: Figure('Temperature coefficient of power, 1/°C'),
        ac_nominal_kw: Figure('Power that the capacity factor refers to'),
        time_zone: Type.String({ description: 'In which days, months and years are counted' }),
        interval_s: Figure('Usual distance of readings, seconds'),
        counter: Nullable(CounterInputs),
        irradiance_threshold_w_m2: Figure('Below it nothing is judged'),
        standstill_share: Figure('Of P0 × G / 1000 W/m²: with less the plant stands still'),
        shortest_outage_s: Figure('What is shorter is flicker'),
        references: Type.Array(
          Type.Object({
            month: Type.String({ description: 'The local month whose losses it values' }),
            days: Figure('Usable days of the 365 before it; null: fewer than 30'),
            performance_ratio: Figure('Of available time in those days'),
            performance_ratio_stc: Figure('The same at 25 °C, where γ and temperatures are known'),
          }),
          { description: 'What lost energy is compared with, for the months that have something to value' },
        ),
      }),
      notes: Type.Array(Type.String()),
    }),
  },
  { title: 'PerformanceReport' },
)

const When = (description: string) => Type.Optional(Type.Union([Day, Timestamp], { description }))
const PerformanceQuery = Shape({
  from: When('A day or a time; by default 30 days before the end'),
  to: When('A day, which is included, or a time, which is not; by default the day of the last reading'),
  step: Type.Union(
    (['1h', '1d', '1mo', '1y', 'all'] as const).map((step) => Type.Literal(step)),
    { default: '1d', description: 'An hour, or a day, month or year of the plant’s zone, or all of the period' },
  ),
})

/** How well a plant does. */
export const performanceRoutes =
  ({ edges, plantSeries }: { edges: Edges; plantSeries: PlantSeries }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/plants/:id/performance',
      {
        config: { permission: 'performance.read', refusals: ['plants.not_found', 'plants.period_not_usable'] },
        schema: {
          ...{
            operationId: 'getPerformance',
            tags: ['Performance'],
            summary: 'Energy, yield, ratios, availability and losses of a plant by step',
          },
          description:
            'A period may be 750 days long, 62 with hourly steps. Every figure is a quotient of sums; what is not defined is null.',
          ...{ params: WithId, querystring: PerformanceQuery, response: { 200: PerformanceReport } },
        },
      },
      (request) => edges.read(request, (work) => readPerformance(work, request.params.id, request.query, plantSeries)),
    )
    await Promise.resolve()
  }
