export interface Listens {
  readonly address: string;
  readonly port: number;
}
