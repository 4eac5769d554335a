/** The 6,433 taxi trips of New York in `nyc-taxi-trips.csv` (public record of the city's taxi commission). */
import { readFileSync } from 'node:fs';

export interface Trip {
  readonly pickup: string;
  readonly dropoff: string;
  readonly passengers: number;
  readonly distance: number;
  readonly fare: number;
  readonly tip: number;
  readonly tolls: number;
  readonly total: number;
  readonly color: string;
  readonly payment: string;
  readonly pickupZone: string;
  readonly dropoffZone: string;
  readonly pickupBorough: string;
  readonly dropoffBorough: string;
}

export function readTrips(): Trip[] {
  const text = readFileSync(new URL('nyc-taxi-trips.csv', import.meta.url), 'utf8');
  const [, ...lines] = text.trimEnd().split('\n');
  return lines.map(parseTrip);
}

/** The pick-up time as a record timestamp; the file gives New York's wall clock without a zone, taken as UTC. */
export function pickedUpAtMs(trip: Trip): number {
  return Date.parse(`${trip.pickup.replace(' ', 'T')}Z`);
}

export function countBy(trips: Iterable<Trip>, key: (trip: Trip) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const trip of trips) {
    const name = key(trip) === '' ? '(not recorded)' : key(trip);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return new Map([...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b)));
}

function parseTrip(line: string): Trip {
  const [
    pickup,
    dropoff,
    passengers,
    distance,
    fare,
    tip,
    tolls,
    total,
    color,
    payment,
    pickupZone,
    dropoffZone,
    pickupBorough,
    dropoffBorough,
  ] = line.split(',') as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  return {
    pickup,
    dropoff,
    passengers: Number(passengers),
    distance: Number(distance),
    fare: Number(fare),
    tip: Number(tip),
    tolls: Number(tolls),
    total: Number(total),
    color,
    payment,
    pickupZone,
    dropoffZone,
    pickupBorough,
    dropoffBorough,
  };
}
