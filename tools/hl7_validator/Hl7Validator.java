import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.hl7.fhir.r5.elementmodel.Manager.FhirFormat;
import org.hl7.fhir.utilities.TimeTracker;
import org.hl7.fhir.utilities.http.ManagedWebAccess;
import org.hl7.fhir.utilities.json.model.JsonArray;
import org.hl7.fhir.utilities.json.model.JsonObject;
import org.hl7.fhir.utilities.json.parser.JsonParser;
import org.hl7.fhir.utilities.validation.ValidationMessage;
import org.hl7.fhir.validation.ValidationEngine;
import org.hl7.fhir.validation.service.PassiveExpiringSessionCache;
import org.hl7.fhir.validation.service.ValidationService;
import org.hl7.fhir.validation.service.model.InstanceValidatorParameters;
import org.hl7.fhir.validation.service.model.ValidationEngineParameters;

/**
 * Judges many files in one JVM: start-up costs more than the checking.
 *
 * <p>Arguments: the guides as NAME#VERSION. Input: one line per file, {@code PATH} or {@code
 * PATH<TAB>PROFILE}. Output: one line of JSON per file. Everything that the validator says about
 * itself goes to stderr. No network, no terminology server.
 */
public class Hl7Validator {
  public static void main(String[] args) throws Exception {
    PrintStream out = System.out;
    System.setOut(System.err);
    ManagedWebAccess.setAccessPolicy(ManagedWebAccess.WebAccessPolicy.PROHIBITED);
    ValidationEngine engine = engine(Arrays.asList(args));
    engine.setContext(new OfflineContext(engine.getContext()));
    OfflineCodes codes = new OfflineCodes(engine.getContext());
    line(out, new JsonObject().add("ready", true));
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String request = in.readLine(); request != null; request = in.readLine()) {
      if (!request.isBlank()) {
        line(out, judge(engine, codes, request.split("\t")));
      }
    }
  }

  private static ValidationEngine engine(List<String> guides) throws Exception {
    ValidationEngineParameters parameters = new ValidationEngineParameters();
    parameters.setSv("4.0.1");
    parameters.setTxServer(null);
    parameters.setIgs(guides);
    parameters.setInferFhirVersion(false);
    parameters.setDisplayWarnings(true);
    ValidationService service = new ValidationService(new PassiveExpiringSessionCache());
    return service.initializeValidator(
        parameters,
        instanceParameters(),
        "hl7.fhir.r4.core#4.0.1",
        new TimeTracker(),
        new ArrayList<>());
  }

  private static InstanceValidatorParameters instanceParameters() {
    InstanceValidatorParameters parameters = new InstanceValidatorParameters();
    parameters.setAllowExampleUrls(true);
    return parameters;
  }

  private static JsonObject judge(
      ValidationEngine engine, OfflineCodes codes, String[] request) {
    JsonObject answer = new JsonObject().add("file", request[0]);
    long start = System.nanoTime();
    JsonArray issues = new JsonArray();
    try {
      byte[] bytes = Files.readAllBytes(Path.of(request[0]));
      boolean xml = request[0].endsWith(".xml");
      codes.declareAll(bytes, xml);
      List<ValidationMessage> messages = new ArrayList<>();
      engine.validate(
          bytes,
          xml ? FhirFormat.XML : FhirFormat.JSON,
          request.length > 1 ? List.of(request[1]) : List.of(),
          messages);
      for (ValidationMessage message : messages) {
        issues.add(
            new JsonObject()
                .add("severity", message.getLevel().toCode())
                .add("id", String.valueOf(message.getMessageId()))
                .add("location", String.valueOf(message.getLocation()))
                .add("line", message.getLine())
                .add("message", message.getMessage()));
      }
    } catch (Exception problem) {
      issues.add(
          new JsonObject()
              .add("severity", "fatal")
              .add("id", problem.getClass().getSimpleName())
              .add("location", "")
              .add("message", String.valueOf(problem.getMessage())));
    }
    answer.add("ms", (int) ((System.nanoTime() - start) / 1_000_000));
    answer.add("issues", issues);
    return answer;
  }

  private static void line(PrintStream out, JsonObject object) {
    out.println(JsonParser.compose(object));
    out.flush();
  }
}
