import java.io.IOException;
import org.hl7.fhir.r5.context.SimpleWorkerContext;
import org.hl7.fhir.r5.model.CodeableConcept;
import org.hl7.fhir.r5.model.Coding;
import org.hl7.fhir.r5.model.ValueSet;
import org.hl7.fhir.r5.terminologies.utilities.ValidationResult;
import org.hl7.fhir.utilities.validation.ValidationOptions;

/** Judges every code on the spot, LOINC and SNOMED CT too, where a list decides. */
class OfflineContext extends SimpleWorkerContext {
  OfflineContext(SimpleWorkerContext other) throws IOException {
    super(other);
  }

  @Override
  public ValidationResult validateCode(
      ValidationOptions options, CodeableConcept concept, ValueSet valueSet) {
    return super.validateCode(options.withUseClient(true), concept, valueSet);
  }

  @Override
  public ValidationResult validateCode(
      ValidationOptions options, String path, Coding coding, ValueSet valueSet) {
    return super.validateCode(options.withUseClient(true), path, coding, valueSet);
  }

  @Override
  public ValidationResult validateCode(
      ValidationOptions options, Coding coding, ValueSet valueSet) {
    return super.validateCode(options.withUseClient(true), coding, valueSet);
  }
}
