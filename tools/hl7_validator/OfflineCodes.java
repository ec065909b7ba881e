import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hl7.fhir.r5.context.IWorkerContext;
import org.hl7.fhir.r5.context.SimpleWorkerContext;
import org.hl7.fhir.r5.model.CodeSystem;
import org.hl7.fhir.r5.model.Enumerations;
import org.hl7.fhir.r5.model.ValueSet;
import org.hl7.fhir.r5.terminologies.validation.ValueSetValidator;
import org.hl7.fhir.utilities.json.model.JsonElement;
import org.hl7.fhir.utilities.json.model.JsonObject;
import org.hl7.fhir.utilities.json.model.JsonProperty;
import org.hl7.fhir.utilities.json.parser.JsonParser;

/**
 * Stands in for a terminology server where one is needed to decide whether a code is in a list.
 *
 * <p>Without the code system at hand the validator cannot say that a code is absent from a value
 * set that names its codes one by one, and an Observation then matches several slices of the IPS
 * Bundle. Every code of an unknown system, language tag and media type that a file uses is
 * therefore declared to exist before the file is judged. Whether a code really exists is not
 * judged, as with {@code -tx n/a}; membership of enumerated value sets is. The EPS asks for the
 * component «gestational age»; here that is the list of codes that its publisher shows first.
 */
class OfflineCodes {
  private static final Pattern XML_CODING =
      Pattern.compile("<system value=\"([^\"]+)\"\\s*/>\\s*(?:<version[^>]*>\\s*)?<code value=\"([^\"]+)\"\\s*/>");
  private static final Pattern LANGUAGE = Pattern.compile("\"([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)\"");
  private static final Pattern MEDIA =
      Pattern.compile("\"((application|audio|image|message|multipart|text|video|font)/[-+.;=\\w ]+)\"");
  private static final Set<String> LANGUAGES = new HashSet<>(Arrays.asList(Locale.getISOLanguages()));
  private static final String BCP_47 = "urn:ietf:bcp:47";
  private static final String BCP_13 = "urn:ietf:bcp:13";
  private static final String GESTATIONAL_AGES =
      "http://hl7.eu/fhir/eps/ValueSet/gestational-age-loinc";
  private static final Set<String> GESTATIONAL_AGE =
      Set.of("11884-4", "11885-1", "11886-9", "11887-7", "18185-9", "49051-6");
  private static final String UCUM = "http://unitsofmeasure.org";

  private final SimpleWorkerContext context;
  private final Set<String> seen = new HashSet<>();
  private final Map<String, CodeSystem> declared = new HashMap<>();

  OfflineCodes(SimpleWorkerContext context) throws Exception {
    this.context = context;
    // The validator leaves these to a terminology server even when their codes are at hand.
    Field field = ValueSetValidator.class.getDeclaredField("SERVER_SIDE_LIST");
    field.setAccessible(true);
    ((Set<?>) field.get(null)).removeIf(system -> !UCUM.equals(system));
    ValueSet ages =
        context.fetchResource(
            ValueSet.class, GESTATIONAL_AGES, IWorkerContext.VersionResolutionRules.defaultRule());
    if (ages != null) {
      ValueSet.ConceptSetComponent include = ages.getCompose().getIncludeFirstRep();
      include.getFilter().clear();
      GESTATIONAL_AGE.forEach(code -> include.addConcept().setCode(code));
    }
  }

  void declareAll(byte[] file, boolean xml) throws Exception {
    String text = new String(file, StandardCharsets.UTF_8);
    if (xml) {
      Matcher coding = XML_CODING.matcher(text);
      while (coding.find()) {
        add(coding.group(1), coding.group(2));
      }
    } else {
      walk(JsonParser.parse(text));
    }
    Matcher media = MEDIA.matcher(text);
    while (media.find()) {
      add(BCP_13, media.group(1));
    }
    Matcher tag = LANGUAGE.matcher(text);
    while (tag.find()) {
      if (LANGUAGES.contains(tag.group(1).split("-")[0])) {
        add(BCP_47, tag.group(1));
      }
    }
  }

  private void walk(JsonElement element) throws Exception {
    if (element.isJsonArray()) {
      for (JsonElement item : element.asJsonArray().getItems()) {
        walk(item);
      }
    } else if (element.isJsonObject()) {
      JsonObject object = element.asJsonObject();
      if (object.hasString("system") && object.hasString("code")) {
        add(object.asString("system"), object.asString("code"));
      }
      for (JsonProperty property : object.getProperties()) {
        walk(property.getValue());
      }
    }
  }

  private void add(String url, String code) throws Exception {
    CodeSystem system = declared.get(url);
    if (system == null) {
      if (UCUM.equals(url) || !url.contains(":")) {
        return;
      }
      system = context.fetchCodeSystem(url);
      if (system == null) {
        system = declare(url);
      } else if (system.getContent() == Enumerations.CodeSystemContentMode.NOTPRESENT) {
        system.setContent(Enumerations.CodeSystemContentMode.COMPLETE);
      } else {
        return;
      }
      declared.put(url, system);
    }
    if (seen.add(url + "|" + code)) {
      system.addConcept().setCode(code);
    }
  }

  private CodeSystem declare(String url) throws Exception {
    CodeSystem system = new CodeSystem();
    system.setId("offline-" + declared.size());
    system.setUrl(url);
    system.setName("Offline" + declared.size());
    system.setStatus(Enumerations.PublicationStatus.ACTIVE);
    system.setContent(Enumerations.CodeSystemContentMode.COMPLETE);
    system.setCaseSensitive(true);
    context.cacheResource(system);
    return system;
  }
}
