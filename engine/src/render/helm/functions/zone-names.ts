// Abbreviations of zones that the platform's own tables leave out, or make up, for people who read English: as the zone
// database has them (2024), by zone and seconds east of UTC. https://www.iana.org/time-zones

const rows: readonly (readonly [name: string, offsetSeconds: number | undefined, zones: string])[] = [
  [
    "EAT",
    10800,
    "Africa/Addis_Ababa Africa/Asmara Africa/Asmera Africa/Dar_es_Salaam Africa/Djibouti Africa/Kampala Africa/Mogadishu Africa/Nairobi Indian/Antananarivo Indian/Comoro Indian/Mayotte",
  ],
  [
    "WAT",
    3600,
    "Africa/Bangui Africa/Brazzaville Africa/Douala Africa/Kinshasa Africa/Lagos Africa/Libreville Africa/Luanda Africa/Malabo Africa/Ndjamena Africa/Niamey Africa/Porto-Novo",
  ],
  [
    "CAT",
    7200,
    "Africa/Blantyre Africa/Bujumbura Africa/Gaborone Africa/Harare Africa/Juba Africa/Khartoum Africa/Kigali Africa/Lubumbashi Africa/Lusaka Africa/Maputo Africa/Windhoek",
  ],
  ["SAST", 7200, "Africa/Johannesburg Africa/Maseru Africa/Mbabane"],
  ["MST", -25200, "America/Dawson America/Hermosillo America/Mazatlan America/Whitehorse"],
  ["CST", -18000, "America/Havana"],
  ["CST", 28800, "Asia/Chongqing Asia/Chungking Asia/Harbin Asia/Macao Asia/Macau Asia/Shanghai Asia/Taipei"],
  ["CDT", -14400, "America/Havana"],
  ["NST", -12600, "America/St_Johns"],
  ["NDT", -9000, "America/St_Johns"],
  ["IST", 19800, "Asia/Calcutta Asia/Kolkata"],
  ["IST", 7200, "Asia/Jerusalem Asia/Tel_Aviv"],
  ["IST", 3600, "Europe/Dublin"],
  ["HKT", 28800, "Asia/Hong_Kong"],
  ["WIB", 25200, "Asia/Jakarta Asia/Pontianak"],
  ["WIT", 32400, "Asia/Jayapura"],
  ["IDT", 10800, "Asia/Jerusalem Asia/Tel_Aviv"],
  ["PKT", 18000, "Asia/Karachi"],
  ["WITA", 28800, "Asia/Makassar Asia/Ujung_Pandang"],
  ["PST", 28800, "Asia/Manila"],
  ["KST", 32400, "Asia/Pyongyang Asia/Seoul"],
  ["JST", 32400, "Asia/Tokyo"],
  ["BST", 3600, "Europe/Guernsey Europe/Isle_of_Man Europe/Jersey"],
  ["MSK", 10800, "Europe/Kirov Europe/Moscow Europe/Simferopol Europe/Volgograd"],
  ["ChST", 36000, "Pacific/Guam Pacific/Saipan"],
  ["SST", -39600, "Pacific/Midway Pacific/Pago_Pago Pacific/Samoa"],
  ["HST", -36000, "America/Adak America/Atka"],
  ["HDT", -32400, "America/Adak America/Atka"],
  ["", undefined, "Antarctica/Casey"],
  ["", undefined, "Antarctica/Troll"],
  ["", undefined, "Asia/Dubai Asia/Muscat"],
  ["", undefined, "Australia/Eucla"],
  ["AEST", 36000, "Australia/LHI Australia/Lord_Howe"],
  ["", undefined, "Australia/LHI Australia/Lord_Howe"],
];

const known: ReadonlyMap<string, string> = new Map(
  rows.flatMap(([name, offset, zones]) => zones.split(" ").map((zone) => [`${zone} ${offset ?? ""}`, name])),
);

/** The abbreviation; "" where a zone has none; undefined where the platform knows. */
export function knownAbbreviation(zone: string, offsetSeconds: number): string | undefined {
  return known.get(`${zone} ${offsetSeconds}`) ?? known.get(`${zone} `);
}
