"""The shop's products: what they are called, what they cost, how many there are."""

from dataclasses import dataclass
from decimal import Decimal

#: Product classes: name -> (needs shipping, has a stock).
GOODS, EBOOK = "Vare", "E-bok"
CLASSES = {GOODS: (True, True), EBOOK: (False, False)}


@dataclass(frozen=True)
class Item:
    upc: str
    title: str
    category: str
    #: What a shopper in Norway pays, VAT included, unless another currency is given.
    price: Decimal
    description: str
    product_class: str = GOODS
    stock: int = 25
    currency: str = "NOK"


ITEMS = [
    Item(
        "FF-1001",
        "Ullgenser «Nordlys»",
        "Klær",
        Decimal("1299.00"),
        "Strikket av ren norsk ull, med et mønster som går igjen i bol og ermer. Kan vaskes i maskin på "
        "ullprogram.",
        stock=15,
    ),
    Item(
        "FF-1002",
        "Regnjakke for barn",
        "Klær",
        Decimal("449.00"),
        "Gul regnjakke med sveisede sømmer og refleks. Tørker før neste byge. Størrelse 92–128.",
        stock=30,
    ),
    Item(
        "FF-2001",
        "Ostehøvel i bjørk",
        "Kjøkken",
        Decimal("249.00"),
        "Håndlaget ostehøvel med skaft i flammebjørk. Skarp nok til den hardeste gulost, mild mot brunosten.",
        stock=80,
    ),
    Item(
        "FF-2002",
        "Vaffeljern med fem hjerter",
        "Kjøkken",
        Decimal("699.00"),
        "Støpejern til komfyr og bål. Må smøres inn før første gang, og varer deretter i generasjoner.",
        stock=18,
    ),
    Item(
        "FF-3001",
        "Turkart Jotunheimen 1:50 000",
        "Tur",
        Decimal("229.00"),
        "Vannfast og rivefast turkart med merkede stier, hytter og høydekurver for hver tjuende meter.",
        stock=60,
    ),
    Item(
        "FF-3002",
        "Termos 0,75 liter",
        "Tur",
        Decimal("399.00"),
        "Holder kaffen varm i tolv timer og solbærsaften kald like lenge. Rustfritt stål, kopp i lokket.",
        stock=3,
    ),
    Item(
        "FF-4001",
        "E-bok: «Vafler og kaffe»",
        "Bøker",
        Decimal("149.00"),
        "Tretti oppskrifter på vafler, fra søndagsvafler med brunost til matvafler for turen. EPUB uten "
        "kopisperre. Lastes ned, så det er ingen frakt.",
        product_class=EBOOK,
    ),
    Item(
        "FF-5001",
        "Kunsttrykk «Lofoten» (europeisk utgave)",
        "Kunst",
        Decimal("45.00"),
        "Kunsttrykk på 230 g bomullspapir, 50 × 70 cm, innrammet i mørk eik. Denne utgaven selges i euro til "
        "kunder i hele Europa, og betales med faktura.",
        stock=12,
        currency="EUR",
    ),
]
