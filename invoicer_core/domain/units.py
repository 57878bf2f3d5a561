"""Units of quantities: codes of UN/ECE Recommendation 20 [BT-130], and the words people use."""

import re
from typing import Final

from invoicer_core.domain.saying import say

UNITS: Final = {
    "C62": ("piece", "piece pieces pcs pc unit units each ea item items stk stueck stück"),
    "H87": ("piece (counted)", ""),
    "SET": ("set", "set sets"),
    "PR": ("pair", "pair pairs"),
    "DZN": ("dozen", "dozen dozens dz"),
    "XPK": ("package", "package packages pack packs"),
    "XBX": ("box", "box boxes"),
    "XCT": ("carton", "carton cartons"),
    "XPX": ("pallet", "pallet pallets"),
    "XBG": ("bag", "bag bags"),
    "XBO": ("bottle", "bottle bottles"),
    "KGM": ("kilogram", "kg kilo kilos kilogram kilograms kilogramme kilogrammes"),
    "GRM": ("gram", "g gram grams gramme grammes"),
    "MGM": ("milligram", "mg milligram milligrams"),
    "TNE": ("tonne", "t ton tons tonne tonnes"),
    "LBR": ("pound", "lb lbs pound pounds"),
    "ONZ": ("ounce", "oz ounce ounces"),
    "LTR": ("litre", "l liter liters litre litres"),
    "MLT": ("millilitre", "ml milliliter milliliters millilitre millilitres"),
    "CLT": ("centilitre", "cl centiliter centiliters centilitre centilitres"),
    "HLT": ("hectolitre", "hl hectoliter hectoliters hectolitre hectolitres"),
    "GLL": ("US gallon", "gal gallon gallons"),
    "MTR": ("metre", "m meter meters metre metres"),
    "CMT": ("centimetre", "cm centimeter centimeters centimetre centimetres"),
    "MMT": ("millimetre", "mm millimeter millimeters millimetre millimetres"),
    "KMT": ("kilometre", "km kilometer kilometers kilometre kilometres"),
    "INH": ("inch", "in inch inches"),
    "FOT": ("foot", "ft foot feet"),
    "YRD": ("yard", "yd yard yards"),
    "SMI": ("mile", "mi mile miles"),
    "MTK": ("square metre", "m2 m² sqm"),
    "FTK": ("square foot", "ft2 ft² sqft"),
    "HAR": ("hectare", "ha hectare hectares"),
    "MTQ": ("cubic metre", "m3 m³ cbm"),
    "SEC": ("second", "s sec second seconds"),
    "MIN": ("minute", "min mins minute minutes"),
    "HUR": ("hour", "h hr hrs hour hours"),
    "DAY": ("day", "d day days"),
    "WEE": ("week", "week weeks wk"),
    "MON": ("month", "month months mo"),
    "ANN": ("year", "year years yr annum"),
    "KWH": ("kilowatt hour", "kwh"),
    "MWH": ("megawatt hour", "mwh"),
    "KWT": ("kilowatt", "kw"),
    "E48": ("service unit", "service services"),
    "LS": ("lump sum", "lumpsum flat"),
    "P1": ("percent", "percent"),
    "AD": ("byte", "byte bytes"),
    "4L": ("megabyte", "mb"),
    "E34": ("gigabyte", "gb"),
    "C81": ("radian", ""),
    "NPR": ("number of pairs", ""),
    "IE": ("person", "person persons people"),
}
"""Code -> what it is called, and words that mean it. Other codes of the recommendation are good
too; these are the ones that are offered."""

DEFAULT: Final = "C62"
_BY_WORD: Final = {word: code for code, (_, words) in UNITS.items() for word in words.split()}
_CODE: Final = re.compile(r"[A-Z0-9]{2,3}", re.ASCII)


def unit_code(text: str) -> str:
    """The code of a unit given by code or by a word: ``kg`` and ``KGM`` are both ``KGM``.

    Raises:
        ValueError: neither, with examples of what would be accepted.
    """
    word = text.strip()
    if (code := word.upper()) in UNITS:
        return code
    if (found := _BY_WORD.get(word.lower())) is not None:
        return found
    if _CODE.fullmatch(word):
        return word
    raise ValueError(
        say(
            "Use a unit's code (UN/ECE Recommendation 20) or word, such as KGM, kg, "
            "hours or pieces."
        )
    )
