/** From points to SVG paths, and from a place on the screen to the nearest point. Pure. */

export interface IPoint {
  readonly x: number;
  readonly y: number;
}

/** Straight lines through the points. */
export function linePath(points: readonly IPoint[]): string {
  return points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');
}

/** Holds each value until the next point, and the last one until `end`. */
export function stepPath(points: readonly IPoint[], end: number): string {
  const [first, ...rest] = points;
  if (first === undefined) {
    return '';
  }
  const steps = rest.map(({ x, y }) => `H${round(x)}V${round(y)}`).join('');
  return `M${round(first.x)} ${round(first.y)}${steps}H${round(end)}`;
}

/** Index of the point nearest to a place, -1 without points. */
export function nearest(points: readonly IPoint[], place: IPoint): number {
  let found = -1;
  let least = Infinity;
  points.forEach(({ x, y }, index) => {
    const distance = (x - place.x) ** 2 + (y - place.y) ** 2;
    if (distance < least) {
      least = distance;
      found = index;
    }
  });
  return found;
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}
