# ruff: noqa: RUF001  # words of many languages look like others
"""The names of the days of the week and of the months, as headlines write them."""

from typing import Final

_NAMES = """
    monday tuesday wednesday thursday friday saturday sunday january february march april
    may june july august september october november december
    montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag januar jänner
    februar märz mai juni juli oktober dezember
    lundi mardi mercredi jeudi vendredi samedi dimanche janvier février mars avril juin
    juillet août septembre octobre novembre décembre
    lunes martes miércoles jueves viernes sábado domingo enero febrero marzo abril mayo
    junio julio agosto septiembre setiembre octubre noviembre diciembre
    lunedì martedì mercoledì giovedì venerdì sabato domenica gennaio febbraio aprile
    maggio giugno luglio settembre ottobre dicembre
    segunda terça quarta quinta sexta janeiro fevereiro março maio junho julho setembro
    outubro novembro dezembro
    maandag dinsdag woensdag donderdag vrijdag zaterdag zondag januari februari maart mei
    augustus
    måndag tisdag onsdag torsdag fredag lördag söndag augusti
    mandag tirsdag lørdag søndag marts
    maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai tammikuu helmikuu
    maaliskuu huhtikuu toukokuu kesäkuu heinäkuu elokuu syyskuu lokakuu marraskuu
    joulukuu
    poniedziałek wtorek środa czwartek piątek sobota niedziela styczeń luty marzec
    kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień
    pondělí úterý středa čtvrtek pátek neděle leden únor březen duben květen červen
    červenec srpen září říjen prosinec
    понедельник вторник среда среду четверг пятница пятницу суббота субботу воскресенье
    январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь
    января февраля марта апреля мая июня июля августа сентября октября ноября декабря
    pazartesi salı çarşamba perşembe cuma cumartesi pazar ocak şubat mart nisan mayıs
    haziran temmuz ağustos eylül ekim kasım aralık
    senin selasa rabu kamis jumat sabtu minggu januari maret juni agustus oktober desember
"""
DAYS: Final = frozenset(_NAMES.split())
