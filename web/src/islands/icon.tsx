/** Line icons on a grid of 20, drawn for this interface. They are always beside a name, so they say nothing themselves. */
const PATHS = {
  play: "M6.5 4.5v11l9-5.5z",
  stop: "M6 6h8v8H6z",
  copy: "M7 7V4.5h8.5V13H13M4.5 7H13v8.5H4.5z",
  check: "M4.5 10.5l3.7 3.7 7.3-8",
  plus: "M10 4.5v11M4.5 10h11",
  close: "M5.5 5.5l9 9M14.5 5.5l-9 9",
  search: "M9 14a5 5 0 1 0 0-10 5 5 0 0 0 0 10ZM12.7 12.700l3.3 3.3",
  reload: "M15.5 8A6 6 0 1 0 16 11.5M15.8 4v4h-4",
  share:
    "M6 12.200a2.2 2.2 0 1 0 0-4.400 2.2 2.2 0 0 0 0 4.400ZM14 7.200a2.2 2.2 0 1 0 0-4.400 2.2 2.2 0 0 0 0 4.400ZM14 17.200a2.2 2.2 0 1 0 0-4.400 2.2 2.2 0 0 0 0 4.400ZM7.900 8.900L12.100 6.100M7.900 11.100L12.100 13.900",
  out: "M8 5H4.5v10.5H15V12M11 4.5h4.5V9M15.5 4.5L9 11",
  sun: "M10 13.200a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.400ZM10 2.5v1.300M10 16.200v1.300M2.5 10h1.300M16.2 10h1.300M4.7 4.700l.9.9M14.4 14.400l.9.9M4.7 15.300l.9-.9M14.4 5.600l.9-.9",
  moon: "M15.8 12.200A6.5 6.5 0 0 1 7.8 4.200a6.5 6.5 0 1 0 8 8Z",
  system: "M3.5 4.5h13v8.5h-13zM7 16h6M10 13v3",
  globe: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM3.2 10h13.600M10 3c4 4.5 4 9.5 0 14M10 3c-4 4.5-4 9.5 0 14",
  terminal: "M3.5 4.5h13v11h-13zM6.5 8l2.3 2-2.3 2M10.5 12.5h3",
  text: "M4.5 5h11M4.5 8.5h11M4.5 12h11M4.5 15.5h6",
  cluster: "M10 2.8l6.2 3.6v7.2L10 17.2l-6.2-3.600V6.400zM10 10l6.2-3.600M10 10v7.200M10 10L3.8 6.4",
  table: "M3.5 4.5h13v11h-13zM3.5 8.200h13M3.5 11.800h13M8.5 4.5v11",
  window: "M3.5 4.5h13v11h-13zM3.5 8h13M6 6.200h.01M8 6.200h.01",
  smaller: "M3 15l3.5-9L10 15M4.2 12h4.600M12.5 11h5",
  larger: "M2.5 15l3.5-9 3.5 9M3.7 12h4.600M12 11h5.5M14.750 8.25v5.5",
  reader:
    "M3 12.5V9.5a7 7 0 0 1 14 0v3M3 11.5h2.5v5H4.5A1.5 1.5 0 0 1 3 15zM17 11.5h-2.5v5h1A1.5 1.5 0 0 0 17 15z",
  more: "M4.5 10h.01M10 10h.01M15.5 10h.01",
  restart: "M4.5 12A6 6 0 1 0 4 8.5M4.2 4v4.5h4.5",
  bulb: "M7.5 13.5C6 12.5 5 11 5 9a5 5 0 0 1 10 0c0 2-1 3.5-2.5 4.5V15h-5zM8.3 17.5h3.4",
  back: "M15.5 10h-11M9 5.5L4.500 10 9 14.5",
  clock: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 6v4l3 2",
  file: "M5.5 3h6l3.5 3.500V17h-9.5zM11.500 3v3.500H15",
  pause: "M7 5v10M13 5v10",
  step: "M6 4.5v11l6.5-5.5zM15 5v10",
  skip: "M4 5v10l5.5-5zM10.5 5v10l5.5-5z",
  dockTop: "M3.5 4.5h13v11h-13zM3.5 10.5h13M6 7.500h8",
  dockBottom: "M3.5 4.5h13v11h-13zM3.5 9.500h13M6 12.500h8",
  dockSide: "M3.5 4.5h13v11h-13zM10.500 4.5v11M13.500 7v6",
  panes: "M3.5 4.5h13v11h-13zM3.5 10.5h7M10.500 4.5v11",
  rewind: "M16 5v10l-5.500-5zM9.500 5v10L4 10z",
  up: "M10 15.5v-11M5.5 9L10 4.5 14.5 9",
  down: "M10 4.5v11M5.5 11l4.5 4.5 4.5-4.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function IconButton(props: {
  icon: IconName;
  label: string;
  onClick: (event: MouseEvent) => void;
  pressed?: boolean;
  disabled?: boolean;
}) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={props.label}
      title={props.label}
      aria-pressed={props.pressed}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}
